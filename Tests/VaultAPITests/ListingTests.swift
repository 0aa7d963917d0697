import Testing
import VaultTestKit

/// Lists: order, filters, pages, and cursors that nobody can make.
struct ListingTests {
    private func ids(_ answer: HTTPAnswer) -> [String] { answer.json["data"].items.compactMap { $0["id"].string } }

    @Test func `pages go from the newest to the oldest, each key once`() async throws {
        try await Stage.run { vault in
            var made: [String] = []
            for number in 1...7 {
                made.append(try await vault.store(FakeKeys.anthropic("valid", number)))
                vault.time.advance(by: 1)
            }
            var (seen, cursor): ([String], String?) = ([], "")
            while let place = cursor {
                let page = try await vault.get("/v1/keys?limit=3" + (place.isEmpty ? "" : "&cursor=\(place)"))
                #expect(page.status == 200, "\(page.text)")
                #expect(page.json.names == ["data", "next_cursor"])
                seen += ids(page)
                cursor = page.json["next_cursor"].string
            }
            #expect(seen == made.reversed())
            // A last page that is full has no next one.
            #expect(try await vault.get("/v1/keys?limit=7").json["next_cursor"] == .null)
        }
    }

    @Test func `filters narrow the list`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let skipped = try await vault.store(FakeKeys.anthropic("valid", 1), user: "a")
            vault.time.advance(by: 1)
            let active = try await vault.proven(FakeKeys.anthropic("valid", 2), user: "b b")
            vault.time.advance(by: 1)
            let stale = try await vault.proven(FakeKeys.anthropic("valid", 3), user: "a")
            provider.answers(.refusing)
            _ = try await vault.post("/v1/keys/\(stale)/check")
            #expect(ids(try await vault.get("/v1/keys?user_id=a")) == [stale, skipped])
            #expect(ids(try await vault.get("/v1/keys?user_id=b%20b")) == [active])
            #expect(ids(try await vault.get("/v1/keys?status=unverified")) == [skipped])
            #expect(ids(try await vault.get("/v1/keys?stale=true")) == [stale])
            #expect(ids(try await vault.get("/v1/keys?stale=false&user_id=a")) == [skipped])
            #expect(ids(try await vault.get("/v1/keys?provider=anthropic&limit=200")) == [stale, active, skipped])
            #expect(ids(try await vault.get("/v1/keys?provider=groq")) == [])
            #expect(
                ids(try await vault.get("/v1/keys?project_id=\(vault.projectID)", token: vault.adminToken))
                    == [stale, active, skipped])
            let other = try await vault.otherProject()
            #expect(ids(try await vault.get("/v1/keys", token: other.token)) == [])
            #expect(ids(try await vault.get("/v1/keys?project_id=\(other.id)", token: vault.adminToken)) == [])
        }
    }

    @Test(arguments: [
        "limit=0", "limit=201", "limit=-1", "limit=+5", "limit=", "limit=1&limit=2", "stale=yes", "status=fine",
        "provider=No", "nope=1", "user_id=%00", "limit", "user_id=%zz", "&", "user_id=",
    ])
    func `a query that cannot be is 400 invalid_parameter`(_ query: String) async throws {
        try await Stage.run { vault in
            let answer = try await vault.get("/v1/keys?\(query)")
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.json["code"].string == "invalid_parameter")
        }
    }

    @Test func `A21 a cursor with one bit changed, or of another list or project, is 400 invalid_cursor`() async throws
    {
        try await Stage.run { vault in
            for number in 1...3 { _ = try await vault.store(FakeKeys.anthropic("valid", number)) }
            let cursor = try #require(try await vault.get("/v1/keys?limit=1").json["next_cursor"].string)
            #expect(try await vault.get("/v1/keys?limit=2&cursor=\(cursor)").status == 200)
            // Each character is five bits.
            let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
            var flipped = 0
            for index in cursor.indices {
                guard let value = alphabet.firstIndex(of: cursor[index]) else { continue }
                for bit in 0..<5 {
                    var forged = cursor
                    forged.replaceSubrange(index...index, with: String(alphabet[value ^ 1 << bit]))
                    let answer = try await vault.get("/v1/keys?limit=1&cursor=\(forged)")
                    #expect(answer.status == 400 && answer.json["code"].string == "invalid_cursor", "\(forged)")
                    flipped += 1
                }
            }
            #expect(flipped >= 52 * 5)
            let other = try await vault.otherProject()
            for (target, token) in [
                ("/v1/keys?user_id=user-1&cursor=\(cursor)", vault.appToken),
                ("/v1/keys?status=unverified&cursor=\(cursor)", vault.appToken),
                ("/v1/keys?cursor=\(cursor)", other.token), ("/v1/keys?cursor=\(cursor)", vault.adminToken),
                ("/v1/tokens?cursor=\(cursor)", vault.adminToken),
                ("/v1/projects?cursor=\(cursor)", vault.adminToken), ("/v1/keys?cursor=", vault.appToken),
                ("/v1/keys?cursor=\(cursor)0", vault.appToken),
                ("/v1/keys?cursor=\(cursor.uppercased())", vault.appToken),
            ] {
                expectProblem(try await vault.get(target, token: token), 400, "invalid_cursor", ["field"])
            }
        }
    }

    @Test func `a page under a status filter goes past keys that do not fit`() async throws {
        try await Stage.run { vault in
            let oldest = try await vault.proven(FakeKeys.anthropic("valid", 0))
            for number in 1...5 {
                vault.time.advance(by: 1)
                _ = try await vault.store(FakeKeys.anthropic("valid", number))
            }
            let page = try await vault.get("/v1/keys?status=active&limit=1")
            #expect(ids(page) == [oldest])
            #expect(page.json["next_cursor"] == .null)
        }
    }
}
