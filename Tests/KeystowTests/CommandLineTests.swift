import Testing
import VaultModel
import VaultService

@testable import keystow

@Suite struct CommandLineTests {
    private func parse(_ line: String) throws(UsageFault) -> Command {
        try CommandLineArguments.parse(line.split(separator: " ").map(String.init))
    }

    private func complaint(_ line: String) -> String? {
        do throws(UsageFault) {
            _ = try parse(line)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `each command is understood`() throws {
        #expect(try parse("") == .help(.keystow))
        #expect(try parse("serve") == .serve(SettingFlags()))
        #expect(try parse("init --data-dir d") == .initialize(SettingFlags(values: [.dataDirectory: "d"])))
        #expect(try parse("doctor --json") == .doctor(SettingFlags(), asJSON: true))
        #expect(try parse("version") == .version(asJSON: false))
        #expect(try parse("--version") == .version(asJSON: false))
        #expect(try parse("version --json") == .version(asJSON: true))
    }

    @Test func `a flag takes its value after a space or an equals sign`() throws {
        let expected = Command.serve(
            SettingFlags(
                values: [.listen: ":0", .log: "debug"],
                endpoints: [.init(provider: "anthropic", url: "http://[::1]:1/a=b"), .init(provider: "groq", url: "x")]
            )
        )
        let line = "serve --listen :0 --log=debug --endpoint anthropic=http://[::1]:1/a=b --endpoint=groq=x"
        #expect(try parse(line) == expected)
    }

    @Test func `help is there for everything`() throws {
        for topic in HelpTopic.allCases {
            #expect(try parse("help \(topic.rawValue)") == .help(topic))
            #expect(try parse("\(topic.rawValue) --help") == .help(topic))
            #expect(topic.page.contains("Usage: keystow"))
            #expect(topic.page.contains("Examples:"))
        }
        #expect(try parse("serve --listen -h") == .help(.serve))
        for setting in Setting.ofServer {
            #expect(HelpTopic.serve.page.contains(setting.flag + " ") != Setting.notInThisVersion.contains(setting))
        }
    }

    @Test func `every example in the help can be typed`() throws {
        for topic in HelpTopic.allCases {
            let examples = topic.page.split(separator: "\n").compactMap {
                $0.firstMatch(of: /^  (?:[A-Z_]+=\w+ )?keystow (.+)$/)?.1
            }
            for example in examples where !example.contains("|") && !example.contains("…") {
                _ = try parse(String(example))
            }
            #expect(!examples.isEmpty)
        }
    }

    @Test func `tokens are made, listed and revoked`() throws {
        let project = try #require(ProjectID("prj_01jd0000000000000000000000"))
        guard
            case .token(let create) = try parse(
                "token create --kind app --project \(project) --scopes keys:read,keys:reveal --expires-at 2027-01-31T00:00:00Z --name x"
            )
        else {
            Issue.record("no token command")
            return
        }
        let expires = try #require(Timestamp(rfc3339: "2027-01-31T00:00:00Z"))
        let order = TokenOrder(
            kind: .app,
            name: "x",
            project: project,
            scopes: Scopes([.keysRead, .keysReveal]),
            expiresAt: expires
        )
        #expect(create.act == .create(order))
        guard case .token(let list) = try parse("token list --json --url http://localhost:1 --token-file t") else {
            Issue.record("no token command")
            return
        }
        #expect(
            list
                == TokenCommand(
                    act: .list(project: nil), flags: SettingFlags(values: [.url: "http://localhost:1"]), tokenFile: "t",
                    asJSON: true))
        let id = try #require(TokenID("tok_01jd0000000000000000000000"))
        guard case .token(let revoke) = try parse("token revoke \(id)") else {
            Issue.record("no token command")
            return
        }
        #expect(revoke.act == .revoke(.id(id), isSure: false))
        guard case .token(let named) = try parse("token revoke ada --yes") else {
            Issue.record("no token command")
            return
        }
        #expect(named.act == .revoke(.name("ada"), isSure: true))
    }

    @Test func `a server makes a link to try the page with when it is told for whom`() throws {
        #expect(try parse("serve --connect ada") == .serve(SettingFlags(), connect: UserID("ada")))
        #expect(try parse("serve --listen :0") == .serve(SettingFlags(values: [.listen: ":0"]), connect: nil))
    }

    @Test func `a link is for one user, and says what for`() throws {
        func parsed(_ line: String) throws -> ConnectCommand? {
            guard case .connect(let command) = try parse(line) else { return nil }
            return command
        }
        let user = try #require(UserID("u"))
        let plain = ConnectCommand(
            order: ConnectOrder(user: user, purpose: .store), waits: false, flags: SettingFlags(), asJSON: false)
        #expect(try parsed("connect --user u") == plain)
        let project = try #require(ProjectID("prj_01jd0000000000000000000000"))
        let key = try #require(KeyID("key_01jd0000000000000000000000"))
        var order = ConnectOrder(user: user, purpose: .replace)
        (order.label, order.key, order.project, order.locale) = ("x", key, project, "de")
        (order.providers, order.lifetimeSeconds) = (["anthropic", "xai"].compactMap { ProviderID($0) }, 7200)
        (order.returnURL, order.origin) = ("https://a.example/b?c=d", WebOrigin("https://a.example"))
        let all = ConnectCommand(
            order: order, waits: true, flags: SettingFlags(values: [.url: "http://localhost:1"]), tokenFile: "t",
            asJSON: true)
        let line =
            "connect --user u --label x --purpose replace --key \(key) --providers anthropic,xai --ttl 2h --locale de"
            + " --return-url https://a.example/b?c=d --origin HTTPS://A.example:443 --project \(project) --wait --json"
        #expect(try parsed(line + " --token-file t --url http://localhost:1") == all)
        for (text, seconds) in [("90", 90), ("30m", 1800), ("7d", 604_800), ("604800", 604_800), ("1000ms", 1)] {
            #expect(try parsed("connect --user u --ttl \(text)")?.order.lifetimeSeconds == seconds)
        }
    }

    @Test func `what is imported is a file, standard input or the environment`() throws {
        func parsed(_ line: String) throws -> ImportCommand? {
            guard case .importKeys(let command) = try parse(line) else { return nil }
            return command
        }
        let plain = ImportCommand(source: .file("f"), isApplied: false, flags: SettingFlags(), asJSON: false)
        #expect(try parsed("import f") == plain)
        #expect(try parsed("import -")?.source == .standardInput)
        #expect(try parsed("import --environment")?.source == .environment)
        let project = try #require(ProjectID("prj_01jd0000000000000000000000"))
        let all = ImportCommand(
            source: .file("f"), format: .csv, user: UserID("u"), project: project, isApplied: true,
            validation: .required, flags: SettingFlags(values: [.url: "http://localhost:1"]), tokenFile: "t",
            asJSON: true)
        let line =
            "import f --format csv --user u --project \(project) --apply --validation required --json --token-file t"
        #expect(try parsed(line + " --url http://localhost:1") == all)
    }

    @Test(arguments: [
        ("srve", "unknown command srve; did you mean serve?"),
        ("serve --lisen :0", "unknown flag --lisen; did you mean --listen?"),
        ("--serve", "unknown flag --serve"), ("serve --json", "unknown flag --json"),
        ("serve --listen", "--listen needs a value"), ("serve --listen :0 --listen :1", "--listen is given twice"),
        ("doctor --json=yes", "--json takes no value"), ("serve now", "there are words too many"),
        ("serve --endpoint anthropic", "--endpoint must be PROVIDER=URL"),
        ("token", "say what to do: create, list or revoke"),
        ("token crate", "unknown token command crate; did you mean create?"),
        ("token create", "--kind must be adm or app"), ("token create --kind con", "--kind must be adm or app"),
        ("token create --kind app", "an app token needs --project"),
        ("token create --kind adm --project prj_01jd0000000000000000000000", "an adm token is for the whole instance"),
        ("token create --kind adm --scopes keys:raed", "unknown scope; did you mean keys:read?"),
        ("token create --kind adm --expires-at tomorrow", "--expires-at must be a time such as 2027-01-31T00:00:00Z"),
        ("token list --project x", "--project must be a project's id: prj_ and 26 characters"),
        ("token revoke", "something is missing"),
        ("token revoke kst_adm_x", "that looks like the token itself"),
        ("token revoke \u{1}", "name a token by its id or its name"),
        ("serve --master-key x", "unknown flag --master-key"),
        ("import", "say what to import: a file, - for standard input, or --environment"),
        ("import f --environment", "say what to import"), ("import f g", "there are words too many"),
        ("import f --format yaml", "--format must be env, toml or csv"),
        ("import --environment --format env", "--format must be env, toml or csv, and is for files"),
        ("import f --validation none", "--validation must be best_effort, required or skip"),
        ("import f --user \u{1}", "--user must be 1 to 200 bytes without control characters"),
        ("import f --data-dir d", "unknown flag --data-dir"), ("import f --project x", "--project must be"),
        ("init --token x", "unknown flag --token"),
        ("connect", "whose key? Give --user"), ("connect ada", "there are words too many"),
        ("connect --user \u{1}", "--user must be 1 to 200 bytes without control characters"),
        ("connect --user u --purpose stor", "--purpose must be store, replace or manage"),
        ("connect --user u --purpose replace", "--key and --purpose replace belong together"),
        ("connect --user u --key key_01jd0000000000000000000000", "--key and --purpose replace belong together"),
        ("connect --user u --purpose replace --key sk-ant-api03-x", "--key must be a key's id, key_ and 26 characters"),
        ("connect --user u --providers anthropic,", "--providers must be ids such as anthropic,openai"),
        ("connect --user u --origin http://a.example", "--origin must be https://host[:port]"),
        ("connect --user u --ttl 0", "--ttl must be 1 to 604800 seconds"),
        ("connect --user u --ttl 8d", "--ttl must be"),
        ("connect --user u --ttl 1500ms", "--ttl must be"), ("connect --user u --ttl 1h30m", "--ttl must be"),
        ("connect --user u --purpose manage --wait", "--wait is for a link that ends when a key is stored"),
        ("connect --user u --project x", "--project must be"),
        ("connect --user u --data-dir d", "unknown flag --data-dir"),
        ("connect --key=x --user u --token kst_app_x", "unknown flag --token"),
        ("serve --connect \u{1}", "--connect must be 1 to 200 bytes without control characters"),
    ])
    func `what is not understood is said, with the nearest name`(_ line: String, _ message: String) {
        #expect(complaint(line)?.hasPrefix(message) == true, "\(complaint(line) ?? "understood")")
    }

    @Test(arguments: [
        "sk-ant-api03-abcDEF", "serve --sk-ant-api03-abcDEF=x", "serve --token=kst_adm_abc123", "token kst_adm_abc123",
        "import --key=sk-ant-api03-abcDEF", "connect --user u --purpose replace --key sk-ant-api03-abcDEF",
        "connect --sk-ant-api03-abcDEF", "token revoke kst_adm_abcDEF",
    ])
    func `a secret in the wrong place is not repeated`(_ line: String) {
        let message = complaint(line)
        #expect(message != nil)
        #expect(message?.contains("abc") == false)
    }
}
