import HTTPClient
import Synchronization
import Testing
import VaultModel

struct CancellationTests {
    /// A server that takes a request and never answers; `isDropped` once the client has closed.
    private final class Silence: Sendable {
        let isDropped = Atomic(false)
    }

    private func silentServer(_ silence: Silence) throws -> RawServer {
        try RawServer { connection in
            connection.readRequest()
            if connection.isClosed() { silence.isDropped.store(true, ordering: .sequentiallyConsistent) }
        }
    }

    /// Looks again and again until `condition` holds, for at most five minutes.
    private func becomesTrue(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(300)
        while !condition() {
            if ContinuousClock.now > deadline { return false }
            await Task.yield()
        }
        return true
    }

    @Test func `cancelling the task aborts the call and closes its connection`() async throws {
        let silence = Silence()
        let server = try silentServer(silence)
        let client = try HTTPClient()
        let task = Task { await client.failure(of: try call(server.url)) }
        #expect(await becomesTrue { !server.requests.isEmpty })
        task.cancel()
        #expect(try await task.value == .cancelled)
        #expect(await becomesTrue { silence.isDropped.load(ordering: .sequentiallyConsistent) })
    }

    @Test func `a call of a task that is already cancelled reaches nobody`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        for _ in 0..<50 {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await client.failure(of: try call(server.url))
            }
            #expect(try await task.value == .cancelled)
        }
        #expect(server.connections == 0)
    }

    @Test func `closing ends what is under way and refuses what comes later`() async throws {
        let server = try silentServer(Silence())
        let client = try HTTPClient()
        let tasks = (0..<5).map { _ in Task { await client.failure(of: try call(server.url)) } }
        #expect(await becomesTrue { server.requests.count == 5 })
        client.close()
        for task in tasks { #expect(try await task.value == .cancelled) }
        #expect(await client.failure(of: try call(server.url)) == .cancelled)
        client.close()
        #expect(server.connections == 5)
    }

    @Test func `a client ends when nobody holds it any more`() async throws {
        weak var gone: HTTPClient?
        do {
            let client = try HTTPClient()
            gone = client
            #expect(gone != nil)
        }
        #expect(gone == nil)
    }
}
