import FoundationEssentials
import Synchronization

@testable import keystow_sandbox

/// What was written to the log.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    var log: RequestLog { RequestLog { line in self.lines.withLock { $0.append(line) } } }

    struct Record: Decodable, Equatable {
        let method: String
        let path: String
        let outcome: String
        let status: Int?
    }

    /// The last request that was recorded.
    var last: Record? { all.last.flatMap { try? JSONDecoder().decode(Record.self, from: Data($0.utf8)) } }
}
