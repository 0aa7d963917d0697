import Glibc

/// What takes too long for `make test`: each by its name and how often.
///
///     measure seals COUNT | encodings COUNT | indexes COUNT | walk COUNT | compare COUNT | refusals COUNT
///
/// Ends with 1 when something was not as it must be, and says what. Times are this machine's.
@main struct Entry {
    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        var isGood = true
        while let name = arguments.popFirst() {
            guard let count = arguments.popFirst().flatMap({ Int($0) }), count > 0 else { fail("no count for \(name)") }
            let begun = ContinuousClock.now
            let (isAsExpected, words): (Bool, String)
            switch name {
            case "seals": (isAsExpected, words) = try Draws.measure(count)
            case "encodings": (isAsExpected, words) = Encodings.measure(count)
            case "indexes": (isAsExpected, words) = try Indexes.measure(count)
            case "walk": (isAsExpected, words) = await Walk.measure(count)
            case "compare": (isAsExpected, words) = Comparison.measure(count)
            case "refusals": (isAsExpected, words) = try Refusals.measure(count)
            default: fail("there is no \(name)")
            }
            isGood = isGood && isAsExpected
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            print("\(isAsExpected ? "good" : "NOT GOOD"): \(name) \(count): \(words); \(seconds.rounded()) s")
            // Whoever waits sees each as it comes.
            fflush(nil)
        }
        if !isGood { exit(1) }
    }

    private static func fail(_ what: String) -> Never {
        print("measure: \(what)")
        exit(64)
    }
}
