import Testing

@testable import HTTPServer

/// Of every request one answer is noted: the one that it got, or would have got.
@Suite struct NoteTests {
    private func ask(_ port: UInt16, _ text: String) async throws -> Int? {
        let client = try RawClient(port: port)
        try await client.send(text)
        return try await client.receive()?.status
    }

    @Test func `an answer is noted, and so is a refusal, wherever it comes from`() async throws {
        try await withServer(limits { ($0.requestSeconds, $0.bodyBytes) = (300, 16) }) { port, mirror in
            for (text, status) in [
                ("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 200), ("GET /later HTTP/1.1\r\nHost: a\r\n\r\n", 200),
                ("GET /refused HTTP/1.1\r\nHost: a\r\n\r\n", 401),
                ("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 401),
                ("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n", 413),
                ("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ] {
                let before = mirror.notes
                #expect(try await ask(port, text) == status)
                #expect(mirror.notes == before + [status], "before its first byte is sent")
            }
            try await eventually("every answer is gone") { mirror.isDone }
            #expect(mirror.notes.count == 6)
        }
    }

    @Test func `an answer that was given up is noted as the refusal that took its place, once`() async throws {
        try await withServer(limits { $0.requestSeconds = 1 }) { port, mirror in
            #expect(try await ask(port, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n") == 503)
            // The one that came too late is thrown away unnoted.
            try await eventually("every answer is gone") { mirror.cancellations == 1 && mirror.isDone }
            #expect(mirror.notes == [503])
        }
    }

    @Test func `an answer for which there is no room is noted as the refusal that took its place, once`() async throws {
        let small = limits { ($0.requestSeconds, $0.answersInFlightBytes) = (300, 1_000) }
        try await withServer(small) { port, mirror in
            let body = String(repeating: "b", count: 5_000)
            let text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + body
            #expect(try await ask(port, text) == 503)
            try await eventually("every answer is gone") { mirror.isDone }
            #expect(mirror.notes == [503])
        }
    }

    @Test func `an answer whose caller has gone is noted all the same`() async throws {
        try await withServer { port, mirror in
            var client: RawClient? = try RawClient(port: port)
            try await client?.send("POST /gate HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            try await eventually("begun") { mirror.answered == ["/gate"] }
            client = nil
            #expect(mirror.notes.isEmpty)
            mirror.openGate()
            try await eventually("every answer is gone") { !mirror.notes.isEmpty && mirror.isDone }
            #expect(mirror.notes == [200])
        }
    }
}
