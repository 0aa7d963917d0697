import Glibc

@testable import VaultCrypto

/// The clock of this machine, in nanoseconds.
func nanoseconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) * 1e9 + Double(now.tv_nsec)
}

/// C13: whether the time of a comparison tells where two byte strings differ, and that `==` is found to tell.
enum Comparison {
    static func measure(_ count: Int) -> (Bool, String) {
        let ours = t(count) { ConstantTime.areEqual($0, $1) }
        let control = t(max(count / 100, 20_000)) { $0 == $1 }
        let isGood = abs(ours) < Welch.leak && abs(control) > Welch.leak
        return (isGood, "t = \(rounded(ours)), of the control, ==, \(rounded(control))")
    }

    static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    /// Equal strings, or such that differ in their first byte, 32 times each so that the clock can see it.
    private static func t(_ count: Int, _ compare: ([UInt8], [UInt8]) -> Bool) -> Double {
        let left = [UInt8](repeating: 0xA5, count: 64)
        var right = Array(left.reversed())
        var equal = 0
        let value = Welch.t(count) { group in
            right[0] = group == 0 ? 0xA5 : 0x5A
            let begun = nanoseconds()
            for _ in 0..<32 where compare(left, right) { equal += 1 }
            return nanoseconds() - begun
        }
        precondition(equal > 0)
        return value
    }
}
