import Deflate
import Testing

@Suite struct GzipTests {
    /// The last eight bytes of a member (RFC 1952 §2.3.1): CRC-32 of what was compressed, and its length.
    @Test func `a member begins and ends as RFC 1952 says`() throws {
        let member = try #require(Gzip.compress(Array("123456789".utf8)))
        #expect(member.prefix(3) == [0x1F, 0x8B, 8])
        #expect(member.suffix(8) == [0x26, 0x39, 0xF4, 0xCB, 9, 0, 0, 0])
    }

    @Test(arguments: [0, 1, 100_000])
    func `what repeats becomes small, and nothing is too short`(count: Int) throws {
        let member = try #require(Gzip.compress([UInt8](repeating: 7, count: count)))
        #expect(member.count < 30 + count / 500)
    }
}
