package import HTTPServer
import Synchronization
package import VaultModel

/// What `GET /metrics` tells: counts of this process, and what is measured when it is asked.
///
/// One serves every listener of a server. Safe to use from any thread.
package final class Metrics: Sendable {
    /// How much of what its listeners grant is taken.
    package typealias Load = @Sendable () -> ListenerLoad

    let requests = RequestMeter()
    let version: String
    let startedAt: Timestamp
    private let loads = Mutex<[Load]>([])

    /// - Parameter version: which Keystow this is.
    package init(version: String = "", startedAt: Timestamp = SystemTime().now()) {
        self.version = version
        self.startedAt = startedAt
    }

    /// Adds a listener to those that are told of.
    package func watch(_ load: @escaping Load) { loads.withLock { $0.append(load) } }

    /// All listeners together.
    var load: ListenerLoad {
        loads.withLock(\.self).reduce(ListenerLoad()) { $0 + $1() }
    }
}
