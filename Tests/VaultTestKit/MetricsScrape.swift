/// An answer of `/metrics`, read by the letter of Prometheus's text format, version 0.0.4.
///
/// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>. Stricter than Prometheus itself: every family
/// must have its help and its type, in this order, before its first sample, and all its samples in one piece.
package struct MetricsScrape: Sendable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package struct Sample: Sendable, Equatable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    /// Kinds by the names of their families.
    package private(set) var kinds: [String: Kind] = [:]
    package private(set) var samples: [Sample] = []

    /// - Throws: the line that is not as the format says.
    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw TestKitFailure("the last line has no end") }
        var helped: String?
        var family: (name: String, kind: Kind)?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let fault = TestKitFailure("not a line of the format: \(line)")
            if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)/) {
                guard helped == nil, kinds[String(match.1)] == nil else { throw fault }
                helped = String(match.1)
            } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                guard helped == String(match.1), let kind = Kind(rawValue: String(match.2)) else { throw fault }
                helped = nil
                kinds[String(match.1)] = kind
                family = (String(match.1), kind)
            } else {
                let sample = try Self.sample(line)
                guard helped == nil, let family, Self.names(of: family.name, family.kind).contains(sample.name) else {
                    throw fault
                }
                samples.append(sample)
            }
        }
        guard helped == nil else { throw TestKitFailure("a family with help and no type") }
        guard Set(samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }).count == samples.count else {
            throw TestKitFailure("a series stands there twice")
        }
        for (name, kind) in kinds where kind == .histogram { try checkHistogram(name) }
        for (name, kind) in kinds where kind == .counter {
            guard values(name).allSatisfy({ $0 >= 0 }), name.hasSuffix("_total") else {
                throw TestKitFailure("no counter: \(name)")
            }
        }
    }

    private static func names(of family: String, _ kind: Kind) -> [String] {
        kind == .histogram ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
    }

    private static func sample(_ line: Substring) throws -> Sample {
        let form = /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([0-9.eE+-]+|NaN|[+-]Inf)/
        guard let match = line.wholeMatch(of: form), let value = Double(match.3) else {
            throw TestKitFailure("no sample: \(line)")
        }
        var labels: [String: String] = [:]
        var rest = match.2 ?? ""
        while !rest.isEmpty {
            guard let label = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/),
                labels.updateValue(String(label.2), forKey: String(label.1)) == nil
            else { throw TestKitFailure("no labels: \(line)") }
            rest = rest[label.range.upperBound...]
        }
        return Sample(name: String(match.1), labels: labels, value: value)
    }

    /// Buckets that grow with their bounds up to the count, for each set of other labels.
    private func checkHistogram(_ name: String) throws {
        let buckets = Dictionary(grouping: samples.filter { $0.name == name + "_bucket" }) { sample in
            sample.labels.filter { $0.key != "le" }
        }
        for (labels, series) in buckets {
            let bounds = series.map { Double($0.labels["le"] ?? "") ?? .nan }
            let count = value(name + "_count", labels)
            guard bounds == bounds.sorted(), Set(bounds).count == bounds.count, bounds.last == .infinity,
                series.map(\.value) == series.map(\.value).sorted(), series.last?.value == count,
                value(name + "_sum", labels) != nil
            else { throw TestKitFailure("no histogram: \(name) \(labels)") }
        }
        guard buckets.count == samples.count(where: { $0.name == name + "_count" }) else {
            throw TestKitFailure("a count without buckets: \(name)")
        }
    }

    /// The sample with exactly these labels.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    package func values(_ name: String) -> [Double] { samples.filter { $0.name == name }.map(\.value) }

    /// The names that a query may use.
    package var names: Set<String> {
        Set(kinds.flatMap { Self.names(of: $0.key, $0.value) })
    }
}
