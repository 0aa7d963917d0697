import Synchronization

/// A number that only grows. Counting takes no lock; safe to use from any thread.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    package func add(_ more: Int = 1) { count.wrappingAdd(more, ordering: .relaxed) }

    package var value: Int { count.load(ordering: .relaxed) }

    /// `count` of them, each at nothing.
    package static func row(of count: Int) -> [Counter] { (0..<count).map { _ in Counter() } }
}
