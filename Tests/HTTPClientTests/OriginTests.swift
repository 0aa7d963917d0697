import HTTPClient
import Testing

struct OriginTests {
    @Test(arguments: [
        ("https://api.anthropic.com", "https://api.anthropic.com"),
        ("HTTPS://API.Anthropic.COM:443", "https://api.anthropic.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("https://[2606:4700::1111]:8443", "https://[2606:4700::1111]:8443"),
        ("https://xn--mgba3a4f16a.example", "https://xn--mgba3a4f16a.example"),
        ("http://example.com:443", "http://example.com:443"),
    ])
    func `an origin has one spelling`(text: String, description: String) throws {
        let origin = try #require(Origin(text))
        #expect(origin.description == description)
        #expect(Origin(description) == origin)
    }

    @Test(arguments: [
        "", "https://", "https://a/", "https://a/b", "https://a?b", "https://a#", "https://a:", "https://a:99999",
        "https://a:0", "https://a:x", "https://a:+1", "https://u@a", "https://a.", "https://.a", "https://a b", "a",
        "ws://a", "https://127.1", "https://0x7f.1", "https://1", "https://[::0001]", "https://[::1", "https://::1",
        "https://[::1]x", "https://[fe80::1%25lo]", "https://-a", "https://a_b", "https://a%2eb", "https://ä",
        "https://a\u{0}", "https://a\n", "https://a,b",
    ])
    func `what is not an origin is none`(text: String) {
        #expect(Origin(text) == nil)
    }

    @Test func `a URL keeps its path and query as they are`() throws {
        let url = try #require(RequestURL("https://API.example/a/../b//c%2F?x=%20&y"))
        #expect(url.origin.description == "https://api.example")
        #expect(url.target == "/a/../b//c%2F?x=%20&y")
        #expect(RequestURL("https://a/" + String(repeating: "x", count: RequestURL.longest)) == nil)
    }
}

struct NetworkAddressTests {
    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "168.63.129.16", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.2.1",
        "192.88.99.1", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "3fff:fff::1",
        "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1", "1fff::1",
    ])
    func `addresses of special networks are not global`(text: String) throws {
        #expect(try #require(NetworkAddress(text)).isGlobal == false)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2001:200::1", "2001:4860:4860::8888", "2003::1", "3ffe::1",
        "3fff:1000::1", "2000::",
    ])
    func `addresses beside the special networks are global`(text: String) throws {
        #expect(try #require(NetworkAddress(text)).isGlobal)
    }

    @Test func `loopback is 127.0.0.0 with eight bits, and one IPv6 address`() {
        for text in ["127.0.0.1", "127.255.255.255", "::1"] { #expect(NetworkAddress(text)?.isLoopback == true) }
        for text in ["126.0.0.1", "128.0.0.1", "::", "::2", "::ffff:127.0.0.1", "0.0.0.0"] {
            #expect(NetworkAddress(text)?.isLoopback == false)
        }
        for text in ["127.1", "localhost", "", "[::1]", "::1%lo", "0x7f.0.0.1"] { #expect(NetworkAddress(text) == nil) }
    }
}
