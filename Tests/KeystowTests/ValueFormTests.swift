import HTTPServer
import Testing

@testable import keystow

@Suite struct ValueFormTests {
    @Test(arguments: [
        (":0", "127.0.0.1:0"), ("127.0.0.1:8420", "127.0.0.1:8420"), ("localhost:1", "127.0.0.1:1"),
        ("[::1]:0", "[::1]:0"), ("[::]:65535", "[::]:65535"), ("0.0.0.0:80", "0.0.0.0:80"),
    ])
    func `an address to listen on is understood`(_ text: String, _ expected: String) {
        #expect(ListenAddress(text)?.description == expected)
    }

    @Test(arguments: [
        "", "8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.1:80", "::1:80",
        "[::1]", "[127.0.0.1]:80", "example.com:80", "127.0.0.1: 80", "[fe80::1%lo]:80", "256.0.0.1:80", ":000080",
    ])
    func `anything else is no address to listen on`(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"]) func `loopback is known`(_ text: String) {
        #expect(IPAddress(text)?.isLoopback == true)
    }

    @Test(arguments: ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "::ffff:10.0.0.1", "1::1"])
    func `other addresses are not loopback`(_ text: String) {
        #expect(IPAddress(text)?.isLoopback == false)
    }

    @Test func `a range holds its addresses and no others`() throws {
        let range = try #require(AddressRange("10.32.0.0/11"))
        for (address, isInside) in [("10.32.0.0", true), ("10.63.255.255", true), ("10.64.0.0", false), ("::1", false)]
        {
            #expect(range.contains(try #require(IPAddress(address))) == isInside)
        }
        #expect(AddressRange("0.0.0.0/0")?.contains(try #require(IPAddress("8.8.8.8"))) == true)
        for wrong in [
            "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "::ffff:10.0.0.0/8", "host",
        ] {
            #expect(AddressRange(wrong) == nil, "\(wrong)")
        }
        for (text, isTooWide) in [("0.0.0.0/0", true), ("10.0.0.0/8", false), ("::/0", true), ("2001::/16", false)] {
            #expect(try #require(AddressRange(text)).isHalfTheWorld == isTooWide, "\(text)")
        }
    }

    @Test func `addresses of one subscriber are one`() throws {
        let pairs = [
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true), ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "192.0.2.1", true),
        ]
        for (one, other, isSame) in pairs {
            let (one, other) = (try #require(IPAddress(one)).subscriber, try #require(IPAddress(other)).subscriber)
            #expect((one == other) == isSame)
        }
    }

    @Test(arguments: [
        ("https://Keys.example.com", "https://keys.example.com"), ("https://a:443/", "https://a"),
        ("https://a:8443/Base/", "https://a:8443/Base"), ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8420", "http://[::1]:8420"), ("HTTP://LocalHost:1", "http://localhost:1"),
    ])
    func `a base URL has one spelling`(_ text: String, _ expected: String) {
        #expect(BaseURL(text)?.description == expected)
    }

    @Test(arguments: [
        "", "https://", "a.example.com", "ftp://a", "http://a.example.com", "http://127.0.0.1.example.com",
        "http://localhost.example.com", "http://127.1", "http://2130706433", "https://user@a", "https://a?b",
        "https://a#b",
        "https://a b", "https://-a", "https://a..b", "https://a:0", "https://a:65536", "https://a:", "https://é",
        "http://[::2]", "http://0.0.0.0", "https://[::1", "http://127.0.0.1@a.example.com",
    ])
    func `what is no base URL, or leaves this machine in plain, is refused`(_ text: String) {
        #expect(BaseURL(text) == nil)
    }

    @Test func `a duration is a whole number and a unit`() {
        let good: [(String, Duration)] = [
            ("60s", .seconds(60)), ("5m", .seconds(300)), ("1h", .seconds(3600)), ("500ms", .milliseconds(500)),
            ("90d", .seconds(7_776_000)),
        ]
        for (text, expected) in good { #expect(Duration(written: text) == expected) }
        for wrong in ["", "60", "s", "0s", "-1s", "1.5h", "1 h", "1H", "٣s", "99999d", "9999999999999999999s", "1hs"] {
            #expect(Duration(written: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `limits are four numbers in their order`() {
        #expect(ValidationLimits("5/min,20/day,60/min,2000/day") == .standard)
        for wrong in [
            "", "5/min", "5/day,20/min,60/min,2000/day", "0/min,1/day,1/min,1/day", "5/min,20/day,60/min,2000/day,",
        ] {
            #expect(ValidationLimits(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `a rate is a number and a span`() {
        #expect(RateLimit("1000/s") == .perToken(calls: 1000, per: .seconds(1)))
        #expect(RateLimit("600/min") == .perToken(calls: 600, per: .seconds(60)))
        #expect(RateLimit("off") == .off)
        for wrong in ["", "1000", "0/s", "/s", "1000/h", "-1/s", "Off"] { #expect(RateLimit(wrong) == nil, "\(wrong)") }
    }

    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("listen", "lisen", 1), ("ab", "ba", 1), ("abc", "xyz", 3),
    ])
    func `distance counts edits, a swap as one`(_ left: String, _ right: String, _ expected: Int) {
        #expect(Nearest.distance(left, right) == expected)
        #expect(Nearest.distance(right, left) == expected)
    }
}
