import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as something to wait for or to look at; a second one while stopping changes nothing.
///
/// Kept by libdispatch, which owns the main thread of an async program and its signal mask.
final class StopSignals {
    /// The first one that came. Safe to read from any thread.
    final class Received: Sendable {
        private let first = Atomic<Int32>(0)

        var signal: Int32? {
            let number = first.load(ordering: .acquiring)
            return number == 0 ? nil : number
        }

        fileprivate func note(_ number: Int32) {
            _ = first.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
        }
    }

    let received = Received()
    private let arrived: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        signal(SIGPIPE, SIG_IGN)
        let (arrived, continuation) = AsyncStream.makeStream(of: Void.self)
        self.arrived = arrived
        let received = received
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler {
                received.note(number)
                continuation.yield()
            }
            source.resume()
            return source
        }
    }

    /// Returns when one of them has come.
    func wait() async {
        for await _ in arrived { return }
    }
}
