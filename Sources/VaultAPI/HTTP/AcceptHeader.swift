/// The `Accept` of a request (RFC 9110 §12.5.1): which forms of an answer it admits.
package enum AcceptHeader {
    /// What the API answers in: one of them has to be admitted.
    package static let json = ["application/json", "application/problem+json"]

    /// Refuses a request that admits none of `forms`, which are media types in lower case.
    ///
    /// The most specific range that fits a form decides about it, `q=0` meaning no. An absent or empty header
    /// admits everything; a part that is not a media range is passed over.
    ///
    /// - Throws: `not_acceptable`.
    package static func require(_ forms: [String] = json, in header: String?) throws(Problem) {
        guard let header, header.utf8.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        let ranges = split(header).compactMap { MediaType($0) }
        guard forms.contains(where: { admits($0, ranges) }) else { throw Problem(.notAcceptable) }
    }

    /// Whether an `Accept-Encoding` (RFC 9110 §12.5.3) names `coding`, in lower case, and does not refuse it. One that is
    /// absent is taken to admit none, since whoever sends none seldom decodes any.
    static func admits(coding: String, in header: String?) -> Bool {
        for part in split(header ?? "") {
            let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard words.first == coding else { continue }
            guard words.count == 2, words[1].hasPrefix("q=") else { return words.count == 1 }
            return !isNone(words[1].dropFirst(2))
        }
        return false
    }

    private static func admits(_ form: String, _ ranges: [MediaType]) -> Bool {
        let parts = form.split(separator: "/")
        var best = (specificity: 0, isAdmitted: false)
        for range in ranges {
            let specificity: Int
            switch (range.type, range.subtype) {
            case ("*", "*"): specificity = 1
            case (let type, "*") where type == parts.first ?? "": specificity = 2
            case (let type, let subtype) where type == parts.first ?? "" && subtype == parts.last ?? "": specificity = 3
            default: continue
            }
            if specificity > best.specificity {
                best = (specificity, isWanted(range))
            } else if specificity == best.specificity {
                best.isAdmitted = best.isAdmitted || isWanted(range)
            }
        }
        return best.isAdmitted
    }

    /// Whether the weight is above 0: `0`, `0.`, `0.0`, `0.00` and `0.000` are not.
    private static func isWanted(_ range: MediaType) -> Bool {
        guard let weight = range.parameters.first(where: { $0.name == "q" })?.value else { return true }
        return !isNone(weight)
    }

    private static func isNone(_ weight: some StringProtocol) -> Bool {
        weight.hasPrefix("0") && weight.dropFirst().allSatisfy { $0 == "." || $0 == "0" }
    }

    /// At commas outside quotes.
    private static func split(_ header: String) -> [Substring] {
        var parts: [Substring] = []
        var start = header.startIndex
        var isQuoted = false
        for index in header.utf8.indices {
            switch header.utf8[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                parts.append(header[start..<index])
                start = header.utf8.index(after: index)
            default: break
            }
        }
        return parts + [header[start...]]
    }
}
