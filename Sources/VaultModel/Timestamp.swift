/// A moment: whole milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    package static func + (time: Timestamp, seconds: Int) -> Timestamp {
        let (span, tooLong) = Int64(seconds).multipliedReportingOverflow(by: 1000)
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(span)
        return Timestamp(milliseconds: tooLong || overflow ? (seconds < 0 ? .min : .max) : sum)
    }

    package static func - (time: Timestamp, seconds: Int) -> Timestamp { time + -seconds }

    /// Whole seconds from `earlier` to this moment, rounded down.
    package func seconds(since earlier: Timestamp) -> Int {
        let (span, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return overflow ? (milliseconds < 0 ? .min : .max) / 1000 : Int(span / 1000)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T04:50:27.123Z`.
    ///
    /// The calendar is the proleptic Gregorian one; years outside 0…9999 are clamped to its ends.
    package var description: String {
        let earliest: Int64 = -62_167_219_200_000
        let latest: Int64 = 253_402_300_799_999
        let clamped = min(max(milliseconds, earliest), latest)
        let days = (clamped >= 0 ? clamped : clamped - 86_399_999) / 86_400_000
        let inDay = Int(clamped - days * 86_400_000)
        let (year, month, day) = Self.civil(fromDays: Int(days))
        return unsafe String(unsafeUninitializedCapacity: 24) { buffer in
            func put(_ value: Int, _ digits: Int, at start: Int) {
                var rest = value
                for index in stride(from: start + digits - 1, through: start, by: -1) {
                    unsafe buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            put(year, 4, at: 0)
            put(month, 2, at: 5)
            put(day, 2, at: 8)
            put(inDay / 3_600_000, 2, at: 11)
            put(inDay / 60_000 % 60, 2, at: 14)
            put(inDay / 1000 % 60, 2, at: 17)
            put(inDay % 1000, 3, at: 20)
            for (index, mark) in zip([4, 7, 10, 13, 16, 19, 23], "--T::.Z".utf8) { unsafe buffer[index] = mark }
            return 24
        }
    }

    /// Reads RFC 3339 §5.6 with any offset and any fraction (kept to the millisecond); `nil` for all else.
    ///
    /// A leap second (`:60`) is refused, as in most of what writes such times.
    package init?(rfc3339 text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits else { return nil }
            var value = 0
            for byte in rest.prefix(digits) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            rest.removeFirst(digits)
            return value
        }
        func mark(_ allowed: String) -> Bool {
            guard let first = rest.first, allowed.utf8.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        guard let year = number(4), mark("-"), let month = number(2), mark("-"), let day = number(2), mark("Tt "),
            let hour = number(2), mark(":"), let minute = number(2), mark(":"), let second = number(2),
            (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction = 0
        if mark(".") {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            let kept = digits.prefix(3)
            for byte in kept { fraction = fraction * 10 + Int(byte - 0x30) }
            for _ in kept.count..<3 { fraction *= 10 }
            rest.removeFirst(digits.count)
        }
        var offset = 0
        if !mark("Zz") {
            let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
            guard mark("+-"), let hours = number(2), mark(":"), let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 60 + minutes)
        }
        guard rest.isEmpty else { return nil }
        let minutes = (Self.days(year: year, month: month, day: day) * 24 + hour) * 60 + minute - offset
        milliseconds = Int64((minutes * 60 + second) * 1000 + fraction)
    }

    // The two conversions are Howard Hinnant's `civil_from_days` and `days_from_civil`: years begin in March,
    // so that the leap day comes last, in eras of 400 years (146,097 days).
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
