import Testing
import VaultModel

struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_795_236_627_123, "2026-11-21T04:50:27.123Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `a moment prints as RFC 3339 and reads back`(_ milliseconds: Int64, _ text: String) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect("\(time)" == text)
        #expect(Timestamp(rfc3339: text) == time)
    }

    @Test(arguments: [
        ("2026-11-21T05:50:27.5+01:00", "2026-11-21T04:50:27.500Z"),
        ("2026-11-21t04:50:27z", "2026-11-21T04:50:27.000Z"),
        ("2026-11-21 04:50:27.123456789Z", "2026-11-21T04:50:27.123Z"),
        ("2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00.000Z"),
    ])
    func `offsets and fractions are understood`(_ text: String, _ utc: String) throws {
        #expect(try "\(#require(Timestamp(rfc3339: text)))" == utc)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T04:50:27", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T04:50:60Z", "2026-11-21T04:50:27.Z", "2026-11-21T04:50:27Zx",
        "2026-11-21T04:50:27+0100", "2026-11-21T04:50:27+24:00", "٢٠٢٦-11-21T04:50:27Z", "-026-11-21T04:50:27Z",
    ])
    func `anything else is refused`(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}
