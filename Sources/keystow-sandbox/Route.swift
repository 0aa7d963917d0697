/// Where a provider takes requests, and where in them the key stands.
struct Route: Sendable, Equatable {
    /// Where a request carries its key.
    enum Carrier: Sendable, Equatable {
        /// In the header of this name (lower case), behind `prefix`.
        case header(name: String, prefix: String)
        /// Somewhere in the body.
        case body
        /// The route is open to everybody.
        case nowhere
    }

    let name: String
    let method: String
    /// May hold `{model}`, which stands for any text.
    let path: String
    let carrier: Carrier

    /// Reads `NAME METHOD PATH`, and after it `HEADER: PREFIX{key}`, `{key}` for the body, or nothing.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: " ", maxSplits: 3)
        guard parts.count >= 3, parts[2].hasPrefix("/") else { return nil }
        (name, method, path) = (String(parts[0]), String(parts[1]), String(parts[2]))
        guard parts.count == 4 else {
            carrier = .nowhere
            return
        }
        guard parts[3].hasSuffix("{key}") else { return nil }
        let place = parts[3].dropLast("{key}".count)
        if place.isEmpty {
            carrier = .body
        } else if let colon = place.firstRange(of: ": ") {
            carrier = .header(name: String(place[..<colon.lowerBound]), prefix: String(place[colon.upperBound...]))
        } else {
            return nil
        }
    }

    /// What stands in the place of `{model}` when `path` is this route's, else empty; `nil` when it is another path.
    func model(at path: String) -> String? {
        guard let place = self.path.firstRange(of: "{model}") else { return path == self.path ? "" : nil }
        let (start, end) = (self.path[..<place.lowerBound], self.path[place.upperBound...])
        guard path.hasPrefix(start), path.hasSuffix(end), path.utf8.count > start.utf8.count + end.utf8.count else {
            return nil
        }
        return String(path.dropFirst(start.count).dropLast(end.count))
    }
}
