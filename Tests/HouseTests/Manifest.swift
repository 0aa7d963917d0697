/// What `Package.swift` says of its targets, read from its text.
struct Manifest {
    /// For each target with code, the names it declares as dependencies.
    let dependencies: [String: Set<String>]
    /// The files that become part of the code, by name.
    let embedded: [String]

    init(text: String) {
        var dependencies: [String: Set<String>] = [:]
        let start = /\.(?:target|executableTarget|testTarget)\(\s*name: "([^"]+)"/
        let lists = text.matches(of: /dependencies: \[[^\]]*\]/).map(\.range)
        // A dependency may be written `.target(name: …)` too; those stand inside a list.
        let found = text.matches(of: start).filter { match in !lists.contains { $0.contains(match.range.lowerBound) } }
        for (index, match) in found.enumerated() {
            let end = index + 1 < found.count ? found[index + 1].range.lowerBound : text.endIndex
            let body = text[match.range.upperBound..<end]
            let list = body.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
            dependencies[String(match.1)] = Set(list.matches(of: /"([^"]+)"/).map { String($0.1) })
        }
        self.dependencies = dependencies
        embedded = text.matches(of: /\.embedInCode\("([^"]+)"\)/).map { String($0.1) }
    }
}
