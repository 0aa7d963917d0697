/// How many test calls may be asked for; what is written `5/min,20/day,60/min,2000/day`.
struct ValidationLimits: Sendable, Equatable {
    let userPerMinute: Int
    /// Distinct keys.
    let userPerDay: Int
    let projectPerMinute: Int
    /// Distinct keys.
    let projectPerDay: Int

    static let standard = ValidationLimits(
        userPerMinute: 5,
        userPerDay: 20,
        projectPerMinute: 60,
        projectPerDay: 2000
    )

    /// The four numbers in this order, each with its unit; `nil` for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let units = ["/min", "/day", "/min", "/day"]
        guard parts.count == units.count else { return nil }
        var numbers: [Int] = []
        for (part, unit) in zip(parts, units) {
            guard part.hasSuffix(unit), let number = WholeNumber.parse(part.dropLast(unit.count), in: 1...1_000_000)
            else { return nil }
            numbers.append(number)
        }
        self.init(
            userPerMinute: numbers[0],
            userPerDay: numbers[1],
            projectPerMinute: numbers[2],
            projectPerDay: numbers[3]
        )
    }

    init(userPerMinute: Int, userPerDay: Int, projectPerMinute: Int, projectPerDay: Int) {
        self.userPerMinute = userPerMinute
        self.userPerDay = userPerDay
        self.projectPerMinute = projectPerMinute
        self.projectPerDay = projectPerDay
    }
}

/// How often callers may call.
enum RateLimit: Sendable, Equatable {
    /// Tokens as often as they like; 401s to one address and calls with one connect token within bounds.
    case standard
    /// The same, and each token at most `calls` in every `per`.
    case perToken(calls: Int, per: Duration)
    /// No bound at all.
    case off

    /// `1000/s`, `600/min` or `off`; `nil` for anything else.
    init?(_ text: String) {
        if text == "off" {
            self = .off
            return
        }
        for (unit, span) in [("/s", Duration.seconds(1)), ("/min", .seconds(60))] where text.hasSuffix(unit) {
            guard let calls = WholeNumber.parse(text.dropLast(unit.count), in: 1...1_000_000) else { return nil }
            self = .perToken(calls: calls, per: span)
            return
        }
        return nil
    }
}

/// Numbers as people write them: decimal digits and nothing else.
enum WholeNumber {
    static func parse(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }
}

extension Duration {
    /// `500ms`, `60s`, `5m`, `1h` or `90d`: a whole number above zero and one unit, at most ten years.
    init?(written text: String) {
        let units: [(String, Int)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }),
            let number = WholeNumber.parse(digits, in: 1...(3653 * 86_400_000 / unit.1))
        else { return nil }
        self = .milliseconds(number * unit.1)
    }
}
