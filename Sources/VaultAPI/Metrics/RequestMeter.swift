import VaultModel

/// Counts what was answered, by route and status, and how long it took.
///
/// Everything that can be counted is there from the start, so that counting takes no lock and no request can add a
/// series. Safe to use from any thread.
final class RequestMeter: Sendable {
    /// One route's answers.
    struct Row: Sendable {
        let label: RouteLabel
        let statuses = Counter.row(of: RequestMeter.statuses.count)
        /// Not cumulative; the last is of what took longer than every bound.
        let buckets = Counter.row(of: RequestMeter.bounds.count + 1)
        let microseconds = Counter()
    }

    /// The upper bounds of the buckets, in microseconds.
    static let bounds = [
        500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 30_000_000,
    ]

    /// Every status that is answered; 0 stands for any other.
    static let statuses =
        [0] + Set(Routes.all.flatMap { $0.successes.map(\.status) } + ProblemCode.allCases.map(\.status)).sorted()

    private static let places: [UInt8] = {
        var places = [UInt8](repeating: 0, count: 600)
        for (index, status) in statuses.enumerated() { places[status] = UInt8(index) }
        return places
    }()

    /// The first is of what was refused before it had a route, the others in the order of the route table.
    let rows: [Row]

    init() {
        rows = [Row(label: RouteLabel(nil))] + Routes.all.map { Row(label: RouteLabel($0)) }
    }

    /// Method and template; empty where there was no route.
    func label(of route: Route?) -> String { rows[route?.number ?? 0].label.text }

    func note(_ route: Route?, status: Int, taken: Duration) {
        let row = rows[route?.number ?? 0]
        let (seconds, attoseconds) = taken.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        row.statuses[Self.places.indices.contains(status) ? Int(Self.places[status]) : 0].add()
        row.buckets[Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count].add()
        row.microseconds.add(microseconds)
    }
}

/// A route as a label: its template, never the path that was asked for.
struct RouteLabel: Sendable {
    let text: String

    init(_ route: Route?) {
        text = route.map { "\($0.method) \($0.path)" } ?? ""
    }
}
