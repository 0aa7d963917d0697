import Glibc
import Testing

@testable import HTTPServer

/// Who has to go when places or memory are short.
@Suite struct ConnectionTableTests {
    /// A connection of the table's and the caller's end of it.
    private final class Caller {
        let connection: Connection
        private let ends: [CInt]

        init(in table: ConnectionTable) throws {
            var ends: [CInt] = [-1, -1]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
            self.ends = ends
            let peer = try #require(IPAddress("192.0.2.1"))
            connection = Connection(descriptor: ends[0], peer: peer, limits: ServerLimits())
            table.insert(connection)
        }

        deinit { for end in ends { close(end) } }
    }

    @Test func `L02 whoever is slow goes before who has just come, and after who is idle`() throws {
        let table = ConnectionTable()
        let (reader, sender, maker) = (try Caller(in: table), try Caller(in: table), try Caller(in: table))
        reader.connection.reading()
        sender.connection.answering()
        maker.connection.making()
        let then = ContinuousClock.now
        let (idle, new) = (try Caller(in: table), try Caller(in: table))
        idle.connection.finished()
        // A second after `then`: a second for the slow ones at least, and not yet for the others.
        table.closeLongestIdle(4, needed: 3, at: then + .seconds(1))
        #expect(idle.connection.isLeaving && reader.connection.isLeaving && sender.connection.isLeaving)
        #expect(!new.connection.isLeaving && !maker.connection.isLeaving)
    }

    @Test func `L02 whoever is slow stays where enough are idle, or no place is needed`() throws {
        for needed in [0, 1] {
            let table = ConnectionTable()
            let slow = try Caller(in: table)
            slow.connection.reading()
            let then = ContinuousClock.now
            let idle = try Caller(in: table)
            idle.connection.finished()
            table.closeLongestIdle(2, needed: needed, at: then + .seconds(1))
            #expect(idle.connection.isLeaving && !slow.connection.isLeaving)
        }
    }

    @Test func `L02 choosing among the idle takes no turn of choosing among the slow`() async throws {
        let table = ConnectionTable()
        let slow = try Caller(in: table)
        slow.connection.reading()
        slow.connection.hasRead(100)
        try await eventually("cut off") {
            table.closeLongestIdle(1, needed: 0)
            return table.cutSlowest(in: .reading, toFree: 1) == 100
        }
        #expect(slow.connection.isLeaving)
    }
}
