import Testing
import VaultTestKit

@testable import VaultAPI

/// The OpenAPI document says what the server does. Every answer that a test of calls gets is held against it, by
/// `RunningVault.call`; these look after the document itself, and after answers that no other test has to get.
@Suite struct ContractTests {
    private let contract = Contract.published

    @Test func `every route has its prose, its answer's shape, and a schema for each parameter`() {
        #expect(Set(Prose.all.keys).symmetricDifference(Routes.all.map { "\($0.method) \($0.path)" }) == [])
        #expect(Set(Operation.all.map(\.name)).count == Routes.all.count)
        for operation in Operation.all {
            let route = operation.route
            #expect(!operation.name.isEmpty && !route.successes.isEmpty, "\(operation.call)")
            let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast())
            }
            let declared = Set(operation.parameters.map(\.name))
            #expect(declared.isSuperset(of: inPath + route.query), "\(operation.call)")
            for member in route.shape?.members ?? [] {
                #expect(!member.note.isEmpty, "\(operation.call): \(member.name) says what it means")
            }
        }
    }

    @Test func `every schema that is referred to is there, and every example fits its schema`() throws {
        var examples = 0
        func look(_ tree: JSONTree) {
            if let reference = tree["$ref"].string { #expect(contract.resolve(reference) != .null, "\(reference)") }
            if tree["schema"] != .null, tree["example"] != .null {
                examples += 1
                #expect(contract.faults(of: tree["example"], tree["schema"]) == [])
            }
            switch tree {
            case .object(let members): for member in members.values { look(member) }
            case .array(let items): for item in items { look(item) }
            default: break
            }
        }
        look(contract.document)
        #expect(examples > 100)
        let problem = contract.resolve("#/components/schemas/Problem")
        for code in ProblemCode.allCases {
            let example = contract.resolve("#/components/examples/\(code.rawValue)")["value"]
            #expect(contract.faults(of: example, problem) == [], "\(code)")
        }
    }

    @Test func `every problem has a call that can give it, or is of the server before any call`() {
        let given = Set(Operation.all.flatMap { $0.problems.flatMap(\.codes) })
        #expect(Set(ProblemCode.allCases).subtracting(given) == [.methodNotAllowed])
    }

    @Test func `what the document does not say is found in an answer`() async throws {
        try await Stage.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let answer = try await vault.get("/v1/keys/\(id)")
            let schema = contract.resolve("#/components/schemas/Key")
            #expect(contract.faults(of: answer.json, schema) == [])
            guard case .object(let members) = answer.json else { throw TestKitFailure("no object") }
            func faults(_ change: (inout [String: JSONTree]) -> Void) -> [String] {
                var changed = members
                change(&changed)
                return contract.faults(of: .object(changed), schema)
            }
            #expect(faults { $0["owner"] = .string("ada") } == ["$.owner is not documented"])
            #expect(faults { $0["hint"] = nil } == ["$.hint is missing"])
            #expect(faults { $0["version"] = .string("1") } == ["$.version is of another type"])
            #expect(faults { $0["version"] = .null } == ["$.version is of another type"])
            #expect(faults { $0["status"] = .string("asleep") } == ["$.status is not in its list"])
            #expect(faults { $0["id"] = .string("key_1") } == ["$.id does not fit its pattern"])
            #expect(faults { $0["created_at"] = .string("yesterday") } == ["$.created_at is no time"])
            #expect(faults { $0["stale"] = .object([:]) }.count == 4)
            let teapot = HTTPAnswer(status: 418, headers: answer.headers, body: answer.body)
            #expect(contract.faults(of: teapot, to: "GET", "/v1/keys/\(id)") == ["the status 418 is not documented"])
            #expect(contract.faults(of: answer, to: "GET", "/v1/unheard-of") == ["no such path is documented"])
            func faults(_ name: String, _ value: String, _ path: String) -> [String] {
                let more = HTTPAnswer(status: 200, headers: answer.headers + [(name, value)], body: answer.body)
                return contract.faults(of: more, to: "GET", path)
            }
            #expect(faults("ratelimit-limit", "120", "/v1/keys/\(id)") == [])
            #expect(faults("ratelimit-limit", "many", "/v1/keys/\(id)") == ["ratelimit-limit is of another type"])
            #expect(faults("retry-after", "1", "/v1/keys/\(id)") == ["the header retry-after is not documented"])
            let anyone = faults("ratelimit-limit", "120", "/healthz")
            #expect(anyone.contains("the header ratelimit-limit is not documented"))
            let page = HTTPAnswer(status: 200, headers: [("content-type", "text/html")], body: answer.body)
            #expect(!contract.faults(of: page, to: "GET", "/v1/keys/\(id)").isEmpty)
        }
    }

    @Test func `every call succeeds in every way that is documented, and answers as documented`() async throws {
        try await Stage.run { vault in
            try await Tour(vault).take()
            let documented = Routes.all.flatMap { route in
                route.successes.map { "\(route.method) \(route.path) \($0.status)" }
            }
            #expect(Set(documented).subtracting(vault.seen.all) == [])
        }
    }

    @Test func `the document goes out compressed to whom that suits, with nothing of the caller in it`() async throws {
        try await Stage.run { vault in
            let plain = try await vault.get("/openapi.json")
            let small = try await vault.call("GET", "/openapi.json", headers: [("Accept-Encoding", "gzip")])
            #expect(small.header("content-encoding") == "gzip")
            #expect(small.body.count * 5 < plain.body.count)
            #expect(plain.body == OpenAPIDocument.bytes)
        }
    }
}

/// Every call once, by somebody who may, so that it succeeds.
private struct Tour {
    let vault: RunningVault

    init(_ vault: RunningVault) {
        self.vault = vault
    }

    func take() async throws {
        try await keys()
        try await links()
        try await page()
        try await projects()
        try await rest()
    }

    private func expect(_ status: Int, _ method: String, _ target: String, _ json: String? = nil, admin: Bool = false)
        async throws -> HTTPAnswer
    {
        let answer = try await vault.call(method, target, json, token: admin ? vault.adminToken : nil)
        #expect(answer.status == status, "\(method) \(target): \(answer.text)")
        return answer
    }

    private func keys() async throws {
        let id = try await vault.proven(
            FakeKeys.anthropic("first"), #""label":"work","tags":{"team":"search"},"expires_at":"2100-01-01T00:00:00Z""#
        )
        let key = "/v1/keys/\(id)"
        for (method, target, body) in [
            ("GET", "/v1/keys?limit=1", nil), ("GET", key, nil), ("PATCH", key, #"{"label":null,"tags":null}"#),
            ("POST", key + "/reveal", #"{"reason":"tour"}"#), ("POST", key + "/check", "{}"),
            ("POST", key + "/rotate", #"{"key":"\#(FakeKeys.anthropic("second"))"}"#),
            ("POST", key + "/rollback", "{}"),
            ("POST", key + "/quarantine", "{}"), ("POST", key + "/release", "{}"), ("GET", key + "/versions", nil),
            ("GET", key + "/events", nil), ("POST", "/v1/inspect", #"{"key":"\#(FakeKeys.oauthAccessToken())"}"#),
            ("POST", "/v1/inspect", #"{"key":"\#(FakeKeys.azure())"}"#), ("GET", "/v1/stats", nil),
            ("POST", key + "/revoke", "{}"), ("GET", key, nil),
        ] as [(String, String, String?)] {
            _ = try await expect(200, method, target, body)
        }
        _ = try await expect(204, "DELETE", key)
        _ = try await expect(200, "DELETE", "/v1/users/user-1")
    }

    private func links() async throws {
        let link = try await vault.link(#""user_label":"Ada","return_url":"https://notes.example/a","locale":"de""#)
        _ = try await vault.page(link)
        _ = try await vault.call(
            "POST", "/connect/inspect", #"{"key":"\#(FakeKeys.anthropic())"}"#, token: link.token)
        #expect(try await vault.save(FakeKeys.anthropic("linked"), link).status == 201)
        _ = try await vault.page(link)
        _ = try await expect(200, "GET", "/v1/connect/sessions/\(link.id)")
        let again = try await vault.link()
        #expect(try await vault.save(FakeKeys.anthropic("linked"), again).status == 200)
        let other = try await vault.link()
        _ = try await expect(200, "DELETE", "/v1/connect/sessions/\(other.id)")
        let manage = try await vault.link(#""purpose":"manage""#)
        let id = try #require(try await vault.page(manage).json["keys"][0]["id"].string)
        for (call, body) in [
            ("check", "{}"), ("rotate", #"{"key":"\#(FakeKeys.anthropic("third"))"}"#), ("revoke", "{}"),
        ] {
            let answer = try await vault.post("/connect/keys/\(id)/\(call)", body, token: manage.token)
            #expect(answer.status == 200, "\(call): \(answer.text)")
        }
    }

    /// What needs no token; one does no harm.
    private func page() async throws {
        for target in Routes.all.filter({ if case .anyone = $0.access { true } else { false } }).map(\.path) {
            _ = try await expect(200, "GET", target.replacing("{locale}", with: "de"))
        }
    }

    private func projects() async throws {
        let made = try await expect(
            201, "POST", "/v1/projects", ##"{"name":"p","accent_color":"#1f4fd8","logo":"/logo.svg"}"##, admin: true)
        let project = "/v1/projects/\(try #require(made.json["id"].string))"
        _ = try await expect(200, "GET", "/v1/projects?limit=1", admin: true)
        _ = try await expect(200, "GET", project, admin: true)
        _ = try await expect(200, "PATCH", project, #"{"allowed_origins":["https://a.example"]}"#, admin: true)
        for policy in ["/policy", "/policy/anthropic"] {
            _ = try await expect(200, "PUT", project + policy, #"{"max_age_seconds":60}"#, admin: true)
            _ = try await expect(200, "GET", project + policy, admin: true)
        }
        _ = try await expect(204, "DELETE", project + "/policy/anthropic", admin: true)
        _ = try await expect(204, "DELETE", project, admin: true)
    }

    private func rest() async throws {
        _ = try await expect(200, "POST", "/v1/backup", admin: true)
        let body = #"{"kind":"app","project_id":"\#(vault.projectID)","name":"t","scopes":["keys:reveal"]}"#
        let token = try await expect(201, "POST", "/v1/tokens", body, admin: true)
        _ = try await expect(200, "GET", "/v1/tokens?limit=1", admin: true)
        _ = try await expect(204, "DELETE", "/v1/tokens/\(try #require(token.json["id"].string))", admin: true)
        _ = try await expect(200, "GET", "/v1/token")
        _ = try await expect(200, "GET", "/v1/providers")
        _ = try await expect(200, "POST", "/v1/revoke", #"{"all":true,"reason":"r","dry_run":true}"#)
        _ = try await expect(200, "GET", "/v1/audit/entries?limit=200", admin: true)
        _ = try await expect(200, "GET", "/v1/audit/head", admin: true)
        _ = try await expect(200, "GET", "/metrics", admin: true)
        _ = try await expect(200, "GET", "/v1/keyring", admin: true)
        _ = try await expect(200, "GET", "/v1/keyring/rekey", admin: true)
        _ = try await expect(200, "POST", "/v1/keyring/rotate", "{}", admin: true)
        _ = try await expect(200, "GET", "/v1/keyring/rekey", admin: true)
        // The last: nothing is answered after it.
        _ = try await expect(204, "POST", "/v1/keyring/seal", admin: true)
    }
}
