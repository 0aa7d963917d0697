import VaultModel

/// A label of a series. Its values come from closed sets alone: there is no way to make one of free text.
struct MetricLabel: Sendable {
    fileprivate let name: StaticString
    fileprivate let value: String

    static func route(_ route: RouteLabel) -> MetricLabel { MetricLabel(name: "route", value: route.text) }
    static func status(_ status: Int) -> MetricLabel { MetricLabel(name: "status", value: "\(status)") }
    static func status(_ status: KeyStatus) -> MetricLabel { MetricLabel(name: "status", value: status.rawValue) }
    static func code(_ code: VerdictCode) -> MetricLabel { MetricLabel(name: "code", value: code.rawValue) }
    static func reason(_ reason: StaleReason) -> MetricLabel { MetricLabel(name: "reason", value: reason.rawValue) }
    /// - Parameter provider: of the catalogue; `nil` for what it does not know.
    static func provider(_ provider: ProviderID?) -> MetricLabel {
        MetricLabel(name: "provider", value: provider?.description ?? "unknown")
    }
    static func fixed(_ name: StaticString, _ value: StaticString) -> MetricLabel {
        MetricLabel(name: name, value: "\(value)")
    }
    /// - Parameter version: which Keystow this is.
    static func build(version: String) -> MetricLabel { MetricLabel(name: "version", value: version) }
    static func days(_ days: Range<Int>) -> MetricLabel {
        let end = days.upperBound == .max ? "" : "\(days.upperBound)"
        return MetricLabel(name: "days", value: "\(days.lowerBound)-\(end)")
    }
    /// The upper bound of a bucket, in seconds; `nil` for none.
    fileprivate static func bound(microseconds: Int?) -> MetricLabel {
        MetricLabel(name: "le", value: microseconds.map(MetricsText.seconds) ?? "+Inf")
    }
}

/// Prometheus's text format, version 0.0.4: families one after the other, each with its help and type before its
/// samples.
///
/// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct MetricsText: ~Copyable {
    enum Kind: String { case counter, gauge, histogram }

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var body = WipedBuffer(capacity: 65_536)
    private var family: StaticString = ""

    /// Begins a family; the samples that follow are its.
    mutating func begin(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        family = name
        body.append("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    mutating func sample(_ labels: MetricLabel..., value: Int) { line("", labels, "\(value)") }

    mutating func sample(_ labels: MetricLabel..., milliseconds: Int64) {
        line("", labels, Self.seconds(Int(milliseconds) * 1_000))
    }

    /// A family of one sample without labels.
    mutating func single(_ name: StaticString, _ kind: Kind, _ help: StaticString, _ value: Int) {
        begin(name, kind, help)
        sample(value: value)
    }

    /// The samples of one histogram, in seconds.
    ///
    /// - Parameters:
    ///   - buckets: how many fell between each bound and the one before; the last above every bound.
    ///   - bounds: in microseconds, as is `sum`.
    mutating func histogram(_ label: MetricLabel, buckets: [Int], bounds: [Int], sum: Int) {
        var count = 0
        for (index, bucket) in buckets.enumerated() {
            count += bucket
            let bound = bounds.indices.contains(index) ? bounds[index] : nil
            line("_bucket", [label, .bound(microseconds: bound)], "\(count)")
        }
        line("_sum", [label], Self.seconds(sum))
        line("_count", [label], "\(count)")
    }

    consuming func finish() -> WipedBuffer { body }

    private mutating func line(_ suffix: StaticString, _ labels: [MetricLabel], _ value: String) {
        body.append(family)
        body.append(suffix)
        if !labels.isEmpty {
            body.append(UInt8(ascii: "{"))
            for (index, label) in labels.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body.append(label.name)
                body.append("=\"")
                body.append(Self.escaped(label.value))
                body.append("\"")
            }
            body.append(UInt8(ascii: "}"))
        }
        body.append(UInt8(ascii: " "))
        body.append(value)
        body.append(UInt8(ascii: "\n"))
    }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// Microseconds as seconds, with as many digits as there are.
    fileprivate static func seconds(_ microseconds: Int) -> String {
        let fraction = microseconds % 1_000_000
        guard fraction != 0 else { return "\(microseconds / 1_000_000)" }
        var digits = String(String(1_000_000 + fraction).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(microseconds / 1_000_000).\(digits)"
    }
}
