// The thread sanitizer's own test: four threads count, behind a Mutex, behind two, or behind none.
//
// `locked` must give no report, `racy` and `mistaken` (each thread with a lock of its own) must.

import Glibc
import Synchronization

final class Tally: @unchecked Sendable {
    // Unchecked: whether anyone synchronises is what is being tested.
    var count = 0
    let mutexes = [Box(), Box(), Box(), Box()]

    final class Box: Sendable { let mutex = Mutex(0) }
}

func count(_ worker: Int, _ mode: String, _ tally: Tally) {
    for _ in 0..<20_000 {
        switch mode {
        case "locked":
            tally.mutexes[0].mutex.withLock {
                $0 += 1; tally.count += 1
            }
        case "mistaken":
            tally.mutexes[worker].mutex.withLock {
                $0 += 1; tally.count += 1
            }
        default: tally.count += 1
        }
    }
}

@main struct Control {
    static func main() async {
        let tally = Tally()
        let mode = CommandLine.arguments.last ?? ""
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 { group.addTask { count(worker, mode, tally) } }
        }
        print(tally.count)
    }
}
