import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as something to wait for or to look at; a second one while stopping changes nothing.
///
/// From the return of `init` on none is lost: a handler notes it. (libdispatch's own source of signals takes hold some time
/// after it is made, and one that comes before is gone.) Signals belong to the process, so one of these is made in it.
final class StopSignals {
    /// The first one that came. Safe to read from any thread.
    struct Received: Sendable {
        var signal: Int32? {
            let number = Noted.signal.load(ordering: .acquiring)
            return number == 0 ? nil : number
        }
    }

    /// What the handler touches: a number and a pipe (signal-safety(7) allows both).
    private enum Noted {
        static let signal = Atomic<Int32>(0)
        static let pipe: (reading: Int32, writing: Int32) = {
            var ends: [Int32] = [-1, -1]
            _ = unsafe Glibc.pipe(&ends)
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            return (ends[0], ends[1])
        }()
    }

    let received = Received()
    private let arrived: AsyncStream<Void>
    private let source: any DispatchSourceRead

    init() {
        let (arrived, continuation) = AsyncStream.makeStream(of: Void.self)
        self.arrived = arrived
        // What the handler touches is made here and not in it.
        _ = Noted.signal.load(ordering: .relaxed)
        source = DispatchSource.makeReadSource(fileDescriptor: Noted.pipe.reading)
        source.setEventHandler {
            var byte: UInt8 = 0
            _ = unsafe read(Noted.pipe.reading, &byte, 1)
            continuation.yield()
        }
        source.resume()
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM] { Self.note(number) }
    }

    private static func note(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = SA_RESTART
        unsafe action.__sigaction_handler.sa_handler = { number in
            let before = errno
            _ = Noted.signal.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
            var byte: UInt8 = 0
            _ = unsafe write(Noted.pipe.writing, &byte, 1)
            errno = before
        }
        _ = unsafe sigaction(number, &action, nil)
    }

    /// Returns when one of them has come.
    func wait() async {
        for await _ in arrived { return }
    }
}
