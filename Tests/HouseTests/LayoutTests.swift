import Testing

@Suite struct LayoutTests {
    private static let agreed: Set = [
        "Package.swift", "Sources", "Tests", "Migrations", "docs", "README.md", "Makefile", ".ci", ".swift-format",
        ".gitignore",
    ]

    @Test func `the top level holds what was agreed and nothing else`() {
        let entries = Set(Repository.files.map { String($0.prefix { $0 != "/" }) })
        #expect(entries.subtracting(Self.agreed) == [])
        let hasStore = Repository.files.contains { $0.hasPrefix("Sources/VaultStore/") }
        #expect(Self.agreed.subtracting(entries) == (hasStore ? [] : ["Migrations"]))
    }

    @Test func `names say what a thing is`() {
        let vague = /Utils|Utilities|Helper|Manager|Impl\b|Misc|Common|\bNew\b|\bOld\b|Deprecated/
        #expect(Repository.files.filter { $0.hasPrefix("Sources/") && $0.contains(vague) } == [])
        #expect("Sources/VaultAPI/RouteHelpers.swift".contains(vague))
    }

    @Test func `every migration is listed once, in order`() throws {
        let files = Repository.files.filter { $0.hasPrefix("Migrations/") && $0.hasSuffix(".sql") }
            .map { String($0.dropFirst("Migrations/".count)) }
        guard !files.isEmpty else { return }
        let listed = try Repository.text(of: "Migrations/Migrations.swift").matches(of: /PackageResources\.(V\w+)_sql/)
            .map { "\($0.1).sql" }
        #expect(listed == files)
        #expect(
            Manifest(text: try Repository.text(of: "Package.swift")).embedded.filter { $0.hasSuffix(".sql") } == files)
        for (index, file) in files.enumerated() {
            let number = try #require(file.firstMatch(of: /^V(\d{4})_[a-z0-9_]+\.sql$/), "\(file)")
            #expect(Int(number.1) == index + 1, "\(file)")
        }
    }

    @Test func `nothing names a path of somebody's machine`() throws {
        // Written in pieces, so that this file does not hold what it looks for.
        let folders = [["wo", "rk"], ["ro", "ot"], ["ho", "me"], ["Us", "ers"]].map { $0.joined() }
        let machine = try Regex("(?:^|[^\\w.~*-])/(?:\(folders.joined(separator: "|")))/")
        #expect("see /\(folders[0])/notes".contains(machine))
        for path in Repository.files where !path.hasSuffix(".json") {
            for line in try Repository.text(of: path).split(separator: "\n") where line.holds("/") {
                guard folders.contains(where: { line.utf8.count > $0.utf8.count && line.contains($0) }) else {
                    continue
                }
                #expect(line.contains(machine) == false, "\(path)")
            }
        }
    }

    @Test func `what the fuzzer begins from is small and holds no credential`() throws {
        let credential =
            /sk-ant-(?:api|admin|oat|ort|sid)\d\d-[\w-]{20}|AIza[\w-]{35}|A[KS]IA[A-Z2-7]{16}|[A-Za-z0-9]{32}/
        #expect("id: \(String(repeating: "a1", count: 16))".contains(credential))
        let corpus = Repository.files.filter { $0.hasPrefix("Tests/Fuzz/Corpus/") }
        let texts = try corpus.map { try Repository.text(of: $0) }
        #expect((1..<400).contains(corpus.count))
        #expect(texts.reduce(0) { $0 + $1.utf8.count } < 200_000)
        for (path, text) in zip(corpus, texts) { #expect(!text.contains(credential), "\(path)") }
    }

    @Test func `links between documents lead somewhere`() throws {
        for path in Repository.files where path.hasSuffix(".md") {
            let folder = path.split(separator: "/").dropLast()
            for link in try Repository.text(of: path).matches(of: /\]\(([^)#\s]+)[^)]*\)/) where !link.1.contains(":") {
                var parts = folder[...]
                for part in link.1.split(separator: "/") where part != "." {
                    if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
                }
                let target = parts.joined(separator: "/")
                #expect(Repository.files.contains { $0 == target || $0.hasPrefix(target + "/") }, "\(path): \(link.1)")
            }
        }
    }
}
