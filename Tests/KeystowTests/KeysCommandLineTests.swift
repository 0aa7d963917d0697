import Testing
import VaultModel

@testable import keystow

@Suite struct KeysCommandLineTests {
    private func parsed(_ line: String) throws -> KeysCommand? {
        guard case .keys(let command) = try CommandLineArguments.parse(line.split(separator: " ").map(String.init))
        else {
            return nil
        }
        return command
    }

    private func complaint(_ line: String) -> String? {
        do throws(UsageFault) {
            _ = try CommandLineArguments.parse(line.split(separator: " ").map(String.init))
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `a list is of those who fit every filter`() throws {
        let project = try #require(ProjectID("prj_01jd0000000000000000000000"))
        var selection = KeySelection(user: UserID("a b"), provider: ProviderID("groq"), status: .failing)
        (selection.isStale, selection.project) = (true, project)
        let line = ["keys", "list", "--user", "a b", "--provider=groq", "--status", "failing", "--stale", "--project"]
        guard case .keys(let list) = try CommandLineArguments.parse(line + ["\(project)", "--limit", "7", "--json"])
        else {
            Issue.record("no keys command")
            return
        }
        #expect(list == KeysCommand(act: .list(selection, limit: 7), flags: SettingFlags(), asJSON: true))
        #expect(
            selection.query == "&user_id=a%20b&provider=groq&status=failing&stale=true&project_id=\(project)")
        #expect(KeySelection(user: UserID("é&=%")).query == "&user_id=%C3%A9%26%3D%25")
        #expect(try parsed("keys list")?.act == .list(KeySelection(), limit: nil))
        #expect(
            try parsed("keys stale --reason age,leaked --quiet")?.act
                == .stale(KeySelection(), reasons: [.age, .leaked], isQuiet: true))
    }

    @Test func `keys are named, each once, or told by a filter`() throws {
        let (one, two) = ("key_01jd0000000000000000000000", "key_01jd0000000000000000000001")
        let ids = [KeyID(one), KeyID(two)].compactMap(\.self)
        #expect(try parsed("keys check \(one) \(two) \(one)")?.act == .change(.check, ids))
        #expect(
            try parsed("keys revoke \(one) \(two) --yes --reason x")?.act
                == .change(.revoke(reason: "x", isSure: true), ids))
        var order = MassRevocationOrder(user: UserID("u"), provider: ProviderID("groq"))
        order.createdBefore = Timestamp(rfc3339: "2027-01-31T00:00:00Z")
        (order.expected, order.reason) = (3, "x")
        #expect(
            try parsed(
                "keys revoke --user u --provider groq --created-before 2027-01-31T00:00:00Z --expect 3 --reason x")?.act
                == .revokeMany(order))
        #expect(try parsed("keys revoke --all --dry-run")?.act == .revokeMany(.init(isForAll: true, isDryRun: true)))
    }

    @Test(arguments: [
        ("keys", "say what to do: list, show, check, quarantine, release, revoke or stale"),
        ("keys lst", "unknown keys command lst; did you mean list?"), ("keys show", "something is missing"),
        ("keys show key_01jd0000000000000000000000 key_01jd0000000000000000000001", "there are words too many"),
        ("keys check", "something is missing"), ("keys check x", "a key goes by its id, key_ and 26 characters"),
        ("keys list x", "there are words too many"), ("keys list --limit 0", "--limit must be a whole number from 1"),
        ("keys list --status activ", "unknown status activ; did you mean active?"),
        ("keys list --provider A!", "--provider must be an id such as anthropic"),
        ("keys list --project x", "--project must be a project's id"),
        ("keys stale --reason old", "unknown reason old"), ("keys revoke", "which keys? Name them, or say --user"),
        (
            "keys revoke key_01jd0000000000000000000000 --user u",
            "name the keys, or say which ones by a filter: not both"
        ),
        ("keys revoke --all --user u", "--all and --user contradict each other"),
        ("keys revoke --all --yes", "--yes is not enough for many keys"),
        ("keys revoke key_01jd0000000000000000000000 --expect 1", "--expect is for a filter, not for named keys"),
        ("keys revoke key_01jd0000000000000000000000 --dry-run", "--dry-run is for a filter"),
        ("keys revoke --created-before monday", "--created-before must be a time such as"),
        ("keys revoke --all --expect many", "--expect must be a whole number from 0"),
        ("keys revoke --all --reason \u{1}", "--reason must be 1 to 200 characters"),
        ("keys list --data-dir d", "unknown flag --data-dir"), ("keys check --yes x", "unknown flag --yes"),
    ])
    func `what is not understood is said, with the nearest name`(_ line: String, _ message: String) {
        #expect(complaint(line)?.hasPrefix(message) == true, "\(complaint(line) ?? "understood")")
    }

    @Test(arguments: ["keys show sk-ant-api03-abcDEF", "keys revoke sk-ant-api03-abcDEF", "keys kst_adm_abc123"])
    func `a secret in the wrong place is not repeated`(_ line: String) {
        let message = complaint(line)
        #expect(message != nil)
        #expect(message?.contains("abc") == false)
    }
}
