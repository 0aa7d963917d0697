import Testing
import VaultModel

@Suite struct ConnectSessionTests {
    private func session(ttl: Int) -> ConnectSession {
        let start = Timestamp(milliseconds: 1_800_000_000_000)
        return ConnectSession(
            id: ConnectSessionID(at: start), lookup: [], projectID: ProjectID(at: start), owner: .unreadable,
            purpose: .store, createdAt: start, givenEnd: start + ttl)
    }

    /// Seconds that the link was given, seconds since its making, seconds until its end after the page has spoken.
    @Test(arguments: [
        (60, 0, 900), (1800, 0, 1800), (1800, 1000, 1900), (1800, 6300, 7200), (1800, 7000, 7200), (86_400, 0, 86_400),
        (86_400, 86_000, 86_400), (900, 0, 900),
    ])
    func `an open page keeps its link for a while, never cuts it and never keeps it for ever`(
        given: Int, after: Int, end: Int
    ) {
        let session = session(ttl: given)
        #expect(session.end(whenUsedAt: session.createdAt + after) == session.createdAt + end)
    }

    @Test func `a link past its end has expired whatever its row says, and one that was used has not`() {
        var session = session(ttl: 60)
        #expect(session.state(at: session.createdAt + 59) == .pending)
        #expect(session.state(at: session.createdAt + 60) == .expired)
        session.state = .completed
        #expect(session.state(at: session.createdAt + 60) == .completed)
    }

    /// Web addresses and the origin that a browser would go to.
    @Test(
        arguments: [
            ("https://Notes.example/a?b#c", "https://notes.example"),
            ("https://notes.example", "https://notes.example"),
            ("https://notes.example:443/", "https://notes.example"),
            ("http://localhost:3000/x", "http://localhost:3000"),
            ("https://evil.example\\@notes.example/", "https://evil.example"), ("https://a@notes.example/", nil),
            ("http://notes.example/", nil), ("javascript:alert(1)//https://notes.example", nil), ("/path", nil),
            ("https://notes.example?x", "https://notes.example"), ("data:text/html,x://y", nil), ("https:///x", nil),
        ] as [(String, String?)])
    func `the origin of a web address is the one that a browser sees`(address: String, origin: String?) {
        #expect(WebOrigin(ofURL: address)?.description == origin)
    }
}
