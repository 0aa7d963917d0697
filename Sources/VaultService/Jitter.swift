import VaultModel

/// Spreads what would else happen at one moment. Pure: the same moment and seed give the same delay.
enum Jitter {
    /// Whole seconds, `0...longest`.
    static func seconds(upTo longest: Int, for seed: UInt64, at now: Timestamp) -> Int {
        guard longest > 0 else { return 0 }
        let mixed = mix(seed ^ mix(UInt64(bitPattern: now.milliseconds)))
        return Int(mixed % (UInt64(longest) + 1))
    }

    /// The same for whatever has a name.
    static func seconds(upTo longest: Int, for name: String, at now: Timestamp) -> Int {
        seconds(upTo: longest, for: name.utf8.reduce(0) { mix($0 ^ UInt64($1)) }, at: now)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
