import Testing
import VaultModel
import VaultService
import VaultTestKit

/// A key goes nowhere but where it was proven, whoever points it elsewhere.
@Suite struct DestinationTests {
    private static let mine = "https://mine.openai.azure.com"

    private func storeAzure(_ vault: RunningVault, _ number: Int, validation: String = "skip") async throws -> String {
        let answer = try await vault.call(
            "POST", "/v1/keys",
            #"{"user_id":"u\#(number)","provider":"azure_openai","key":"\#(FakeKeys.azure(number))","params":{"resource":"mine"},"validation":"\#(validation)"}"#
        )
        #expect(answer.status == 201, "\(answer.text)")
        return answer.json["id"].string ?? ""
    }

    @Test func `V14: the API takes no endpoint, and no parameter that is more than a name`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            for (method, path, body) in [
                (
                    "POST", "/v1/keys",
                    #"{"user_id":"u","key":"\#(FakeKeys.anthropic("x"))","endpoint":"https://evil.test"}"#
                ),
                ("PATCH", "/v1/keys/\(id)", #"{"endpoint":"https://evil.test"}"#),
                ("PATCH", "/v1/keys/\(id)", #"{"params":{"resource":"evil"}}"#),
                (
                    "POST", "/v1/keys/\(id)/rotate",
                    #"{"key":"\#(FakeKeys.anthropic("y"))","params":{"resource":"evil"}}"#
                ),
            ] {
                let answer = try await vault.call(method, path, body)
                #expect(answer.status == 422, "\(method) \(path): \(answer.text)")
                #expect(answer.json["code"].string == "unknown_member")
            }
            for resource in ["evil.test/", "evil.test#", "a@evil", "", "127.0.0.1", "x.y"] {
                let answer = try await vault.call(
                    "POST", "/v1/keys",
                    #"{"user_id":"u","provider":"azure_openai","key":"\#(FakeKeys.azure())","params":{"resource":"\#(resource)"}}"#
                )
                #expect(answer.status == 422, "\(resource): \(answer.text)")
                #expect(answer.json["code"].string == "invalid_field")
                #expect(answer.json["field"].string == "params")
            }
            #expect(provider.calls == 0)
        }
    }

    @Test func `a resource that is missing is asked for before any call`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let answer = try await vault.call(
                "POST", "/v1/keys", #"{"user_id":"u","provider":"azure_openai","key":"\#(FakeKeys.azure())"}"#)
            #expect(answer.status == 422)
            #expect(answer.json["field"].string == "params")
            #expect(answer.json["detail"].string?.contains("params.resource") == true)
            #expect(provider.calls == 0)
        }
    }

    @Test(arguments: Moment.allCases)
    func `V14: a key whose endpoint or parameter was edited in the database is sent nowhere`(
        _ moment: Moment
    ) async throws {
        try await tamper(moment) { vault in
            [try await storeAzure(vault, 1), try await storeAzure(vault, 2), try await storeAzure(vault, 3)]
        } attack: { intruder, ids in
            try intruder.change("UPDATE keys SET params = '{\"resource\":\"evil\"}' WHERE id = ?1", [.id(ids[0])])
            try intruder.change(
                "UPDATE keys SET params = '{\"resource\":\"evil\"}', endpoint = 'https://evil.openai.azure.com' WHERE id = ?1",
                [.id(ids[1])])
        } look: { vault, ids in
            for id in ids.prefix(2) { try await vault.expectRefused(id, finding: "row_mac") }
            try await vault.expectUnharmed(ids[2], FakeKeys.azure(3))
        }
    }

    @Test func `parameters that decide nothing harm no key, as in rows from before they were refused`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            try Intruder(vault).change("UPDATE keys SET params = '{\"region\":\"anything\"}' WHERE id = ?1", [.id(id)])
            try await vault.expectUnharmed(id, FakeKeys.anthropic())
            let answer = try await vault.call(
                "POST", "/v1/keys", #"{"user_id":"u","key":"\#(FakeKeys.anthropic("x"))","params":{"region":"a"}}"#)
            #expect(answer.status == 422)
            #expect(answer.json["field"].string == "params")
        }
    }

    @Test func `V14: a new secret for an edited row goes where the old one was proven, and not where the row says`()
        async throws
    {
        let provider = ProviderSwitch(.answer(200, #"{"data":[],"object":"list"}"#))
        try await RunningVault.run(provider: provider.provider) { vault in
            let id = try await storeAzure(vault, 1)
            let lost = try await storeAzure(vault, 2)
            let intruder = try Intruder(vault)
            try intruder.change("UPDATE keys SET params = '{\"resource\":\"evil\"}'")
            try intruder.change(
                "UPDATE versions SET box = zeroblob(length(box)), wrapped_dek = zeroblob(length(wrapped_dek)) WHERE key_id = ?1",
                [.id(lost)])
            let rotated = try await vault.call("POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.azure(9))"}"#)
            #expect(rotated.status == 200, "\(rotated.text)")
            #expect(rotated.json["params"]["resource"].string == "mine")
            #expect(!provider.urls.isEmpty && provider.urls.allSatisfy { $0.hasPrefix("\(Self.mine)/") })
            // Where no box tells any more where the key belongs, it is asked to be stored anew.
            let calls = provider.calls
            let unknown = try await vault.call("POST", "/v1/keys/\(lost)/rotate", #"{"key":"\#(FakeKeys.azure(8))"}"#)
            #expect(unknown.status == 409, "\(unknown.text)")
            #expect(provider.calls == calls)
        }
    }

    @Test func `V14: at another base URL no call is made with a key until it is bound anew`() async throws {
        let provider = ProviderSwitch()
        let secret = FakeKeys.anthropic()
        let (vault, id) = try await RunningVault.run(provider: provider.provider) { vault in
            let answer = try await vault.call("POST", "/v1/keys", #"{"user_id":"u","key":"\#(secret)"}"#)
            #expect(answer.json["status"].string == "active")
            return (vault, answer.json["id"].string ?? "")
        }
        #expect(provider.urls == ["https://api.anthropic.com/v1/models?limit=1"])
        let elsewhere = VaultConfiguration(
            endpoints: [.anthropic: "https://gateway.example/claude"], validationLimits: nil)
        try await vault.restarted(provider: provider.provider, configuration: elsewhere) { vault in
            let checked = try await vault.call("POST", "/v1/keys/\(id)/check")
            #expect(checked.status == 200)
            #expect(checked.json["last_check"]["reason"].string == "endpoint_changed")
            #expect(checked.json["verdict"]["code"].string == "valid")
            #expect(provider.calls == 1)
            try await vault.expectUnharmed(id, secret)

            let terminal = RequestContext(caller: .terminal)
            let count = try await vault.vault.rebind(.anthropic, isDryRun: true, terminal)
            #expect(count == Rebinding(rebound: 1))
            #expect(
                try await vault.call("POST", "/v1/keys/\(id)/check").json["last_check"]["reason"].string
                    == "endpoint_changed")
            #expect(try await vault.vault.rebind(.anthropic, isDryRun: false, terminal) == count)
            #expect(try await vault.vault.rebind(.anthropic, isDryRun: false, terminal) == Rebinding(unchanged: 1))

            try await vault.expectUnharmed(id, secret)
            let proven = try await vault.call("POST", "/v1/keys/\(id)/check")
            #expect(proven.json["last_check"]["reason"].string == "ok")
            #expect(provider.urls.last == "https://gateway.example/claude/v1/models?limit=1")
            let events = try await vault.auditEntries("&key_id=\(id)")
            #expect(events.contains { $0["action"].string == "key.updated" && $0["reason"].string == "rebound" })
        }
        // Bound to the gateway, it is not sent to the provider itself any more.
        try await vault.restarted(provider: provider.provider) { vault in
            let checked = try await vault.call("POST", "/v1/keys/\(id)/check")
            #expect(checked.json["last_check"]["reason"].string == "endpoint_changed")
            #expect(provider.calls == 2)
            try await vault.expectUnharmed(id, secret)
        }
    }

    @Test func `a rebinding takes the previous version with it, and leaves what cannot be believed`() async throws {
        let first = FakeKeys.anthropic("first")
        let (vault, ids) = try await RunningVault.run { vault in
            var ids: [String] = []
            for number in 0..<130 {
                ids.append(try await vault.store(FakeKeys.anthropic("many", number), user: "u\(number)"))
            }
            let rotated = try await vault.store(first)
            #expect(try await vault.rotate(rotated, to: FakeKeys.anthropic("second"), grace: 3600).status == 200)
            #expect(try await vault.call("POST", "/v1/keys/\(ids[1])/revoke").status == 200)
            try Intruder(vault).change("UPDATE keys SET owner = 'mallory' WHERE id = ?1", [.id(ids[0])])
            return (vault, ids + [rotated])
        }
        let elsewhere = VaultConfiguration(
            endpoints: [.anthropic: "https://gateway.example/claude"], validationLimits: nil)
        try await vault.restarted(configuration: elsewhere) { vault in
            let done = try await vault.vault.rebind(.anthropic, isDryRun: false, RequestContext(caller: .terminal))
            #expect(done == Rebinding(rebound: 129, left: 1))
            try await vault.expectUnharmed(ids[129], FakeKeys.anthropic("many", 129))
            #expect(try await vault.call("POST", "/v1/keys/\(ids[130])/rollback").status == 200)
            try await vault.expectUnharmed(ids[130], first)
            #expect(try await vault.reveal(ids[1]).status == 410)
        }
    }
}
