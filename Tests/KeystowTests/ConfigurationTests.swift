import HTTPServer
import Testing
import VaultModel
import VaultService

@testable import keystow

@Suite struct ConfigurationTests {
    private func read(
        _ values: [String: String] = [:], flags: SettingFlags = SettingFlags(), held: [Setting: HeldMasterKey] = [:],
        unavailable: Set<Setting> = []
    ) throws(Configuration.Faults) -> Configuration {
        try Configuration(
            environment: ProcessEnvironment(values: values, masterKeys: held),
            flags: flags,
            unavailable: unavailable
        )
    }

    private func faults(_ values: [String: String], unavailable: Set<Setting> = []) -> [String] {
        do throws(Configuration.Faults) {
            _ = try read(values, unavailable: unavailable)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `nothing given is a good configuration`() throws {
        let configuration = try Configuration(environment: ProcessEnvironment())
        #expect(configuration.listen == ListenAddress(address: "127.0.0.1", port: 8420))
        #expect(configuration.dataDirectory == "./keystow-data")
        #expect(configuration.masterKey == .file(MasterKeyFile(path: "./keystow-data/master.key")))
        #expect(configuration.auditAnchor == "./keystow-data/anchor")
        #expect(configuration.publicURL == nil)
        #expect(configuration.schedulerInterval == .seconds(60))
        #expect(configuration.validationLimits == .standard)
        #expect(configuration.rateLimit == .standard)
        #expect(configuration.revealAlarm == 100)
        #expect(configuration.log == .info)
        #expect(configuration.warnings == [])
    }

    @Test func `the defaults are what the help says they are`() throws {
        var values: [String: String] = [:]
        for setting in Setting.allCases {
            if let text = setting.defaultText, !text.contains("<") { values[setting.rawValue] = text }
        }
        #expect(values.count == 6)
        #expect(try read(values) == read())
    }

    @Test func `every setting is read`() throws {
        let configuration = try read([
            "KEYSTOW_LISTEN": "0.0.0.0:80", "KEYSTOW_ADMIN_LISTEN": "[::1]:0", "KEYSTOW_DATA_DIR": "d",
            "KEYSTOW_DATABASE_URL": "postgres://db/keystow", "KEYSTOW_MASTER_KEY_FILE": "m",
            "KEYSTOW_MASTER_KEY_PREVIOUS_FILE": "p", "KEYSTOW_PUBLIC_URL": "https://Keys.Example.com:443/base/",
            "KEYSTOW_HOSTS": "keys.example.com, other:8443", "KEYSTOW_SCHEDULER_INTERVAL": "500ms",
            "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_RATE_LIMIT": "1000/s", "KEYSTOW_AUDIT_ANCHOR": "a",
            "KEYSTOW_AUDIT_KEEP": "365d", "KEYSTOW_REVEAL_ALARM": "7",
            "KEYSTOW_SECURITY_CONTACT": "tel:+1-201-555-0123", "KEYSTOW_TLS_CERT": "c", "KEYSTOW_TLS_KEY": "k",
            "KEYSTOW_BEHIND_PROXY": "10.0.0.0/8,::1", "KEYSTOW_LOG": "debug", "KEYSTOW_URL": "http://localhost:8420",
            "KEYSTOW_ENDPOINT_AZURE_OPENAI": "https://mine.example.com/", "KEYSTOW_ENDPOINT_ANTHROPIC": "",
        ])
        #expect(configuration.listen == ListenAddress(address: "0.0.0.0", port: 80))
        #expect(configuration.adminListen == ListenAddress(address: "::1", port: 0))
        #expect(configuration.dataDirectory == "d")
        #expect(configuration.databaseURL == "postgres://db/keystow")
        #expect(configuration.masterKey == .file(MasterKeyFile(path: "m")))
        #expect(configuration.previousMasterKey == .file(MasterKeyFile(path: "p")))
        #expect(configuration.publicURL?.description == "https://keys.example.com/base")
        #expect(configuration.hosts == [HostName("keys.example.com"), HostName("other:8443")])
        #expect(configuration.schedulerInterval == .milliseconds(500))
        #expect(configuration.validationLimits == nil)
        #expect(configuration.rateLimit == .perToken(calls: 1000, per: .seconds(1)))
        #expect(configuration.securityContact == "tel:+1-201-555-0123")
        #expect(configuration.auditAnchor == "a")
        #expect(configuration.auditKeep == .seconds(365 * 86_400))
        #expect(configuration.revealAlarm == 7)
        #expect(configuration.tls == TLSFiles(certificate: "c", key: "k"))
        #expect(configuration.trustedProxies == [AddressRange("10.0.0.0/8"), AddressRange("::1")])
        #expect(configuration.log == .debug)
        #expect(configuration.server?.description == "http://localhost:8420")
        let azure = try #require(ProviderID("azure_openai"))
        #expect(configuration.endpoints == [azure: try #require(BaseURL("https://mine.example.com"))])
    }

    @Test func `all faults are told together, and none repeats what was given`() {
        let told = faults([
            "KEYSTOW_LISTEN": "wrong-1", "KEYSTOW_PUBLIC_URL": "http://wrong-2.example.com",
            "KEYSTOW_HOSTS": "a,,wrong-3",
            "KEYSTOW_SCHEDULER_INTERVAL": "wrong-4", "KEYSTOW_VALIDATION_LIMITS": "wrong-5",
            "KEYSTOW_RATE_LIMIT": "wrong-6",
            "KEYSTOW_REVEAL_ALARM": "wrong-7", "KEYSTOW_LOG": "wrong-8", "KEYSTOW_MASTER_KEY_FD": "wrong-9",
            "KEYSTOW_MASTER_KEY_COMMAND": "./wrong-10", "KEYSTOW_TLS_CERT": "wrong-11", "KEYSTOW_URL": "wrong-12",
            "KEYSTOW_ENDPOINT_ANTHROPIC": "http://wrong-13.example.com", "KEYSTOW_BEHIND_PROXY": "wrong-14",
            "KEYSTOW_AUDIT_KEEP": "wrong-15", "KEYSTOW_DATABASE_URL": "wrong-16", "KEYSTOW_ADMIN_LISTEN": "wrong-17",
        ])
        #expect(told.count == 17)
        #expect(told.filter { $0.contains("wrong") } == [])
    }

    @Test func `flags stand over the environment`() throws {
        var flags = SettingFlags(values: [.listen: "[::1]:1", .log: "error"])
        flags.endpoints = [.init(provider: "anthropic", url: "http://127.0.0.1:9")]
        let configuration = try read(
            ["KEYSTOW_LISTEN": "nonsense", "KEYSTOW_ENDPOINT_ANTHROPIC": "https://a.example.com"],
            flags: flags
        )
        #expect(configuration.listen.description == "[::1]:1")
        #expect(configuration.log == .error)
        #expect(configuration.endpoints[.anthropic]?.description == "http://127.0.0.1:9")
    }

    @Test(arguments: Setting.notInThisVersion) func `what is not built is refused, not ignored`(_ setting: Setting) {
        #expect(
            faults([setting.rawValue: "anything"], unavailable: Setting.notInThisVersion).contains {
                $0 == "\(setting.rawValue) is not available in this version"
            })
    }

    @Test(arguments: ["0.0.0.0:80", "[::]:80", "192.168.1.2:8420"])
    func `plain HTTP stays on loopback unless proxies are named`(_ address: String) throws {
        #expect(faults(["KEYSTOW_LISTEN": address]).count == 1)
        #expect(faults(["KEYSTOW_LISTEN": address, "KEYSTOW_BEHIND_PROXY": "10.1.1.1"]) == [])
        #expect(faults(["KEYSTOW_LISTEN": address, "KEYSTOW_TLS_CERT": "c", "KEYSTOW_TLS_KEY": "k"]) == [])
    }

    @Test func `of several sources of a master key the first of the order is used, and it is said`() throws {
        let held = ["", "_PREVIOUS"].map { name in
            Array("secret".utf8).withUnsafeBytes {
                HeldMasterKey("KEYSTOW_MASTER_KEY\(name)", copying: RawSpan(_unsafeBytes: $0))
            }
        }
        let command = try #require(MasterKeyCommand("cat key", setting: "KEYSTOW_MASTER_KEY_COMMAND"))
        var values = [
            "KEYSTOW_MASTER_KEY_FILE": "m", "KEYSTOW_MASTER_KEY_FD": "3", "KEYSTOW_MASTER_KEY_COMMAND": "cat  'key'",
        ]
        let expected: [(String, MasterKeySource)] = [
            ("KEYSTOW_MASTER_KEY_FILE", .file(MasterKeyFile(path: "m"))),
            ("KEYSTOW_MASTER_KEY_FD", .descriptor(InheritedMasterKey(3))),
            ("KEYSTOW_MASTER_KEY_COMMAND", .command(command)),
        ]
        for (index, (name, source)) in expected.enumerated() {
            let configuration = try read(values, held: [.masterKey: held[0]])
            #expect(configuration.masterKey == source)
            let rest = expected.dropFirst(index + 1).map(\.0) + ["KEYSTOW_MASTER_KEY"]
            #expect(
                configuration.warnings.last == "\(name) is used, and not looked at: \(rest.joined(separator: ", "))")
            values[name] = nil
        }
        let last = try read(held: [.masterKey: held[0], .masterKeyPrevious: held[1]])
        #expect(last.masterKey == .environment(held[0]))
        #expect(last.previousMasterKey == .environment(held[1]))
        #expect(last.warnings.count == 2)
    }

    @Test func `the previous master key comes from the same kinds of sources`() throws {
        #expect(try read().previousMasterKey == nil)
        let command = try #require(MasterKeyCommand("/bin/x", setting: "KEYSTOW_MASTER_KEY_PREVIOUS_COMMAND"))
        #expect(try read(["KEYSTOW_MASTER_KEY_PREVIOUS_COMMAND": "/bin/x"]).previousMasterKey == .command(command))
        let both = ["KEYSTOW_MASTER_KEY_FD": "4", "KEYSTOW_MASTER_KEY_PREVIOUS_FD": "5"]
        #expect(try read(both).previousMasterKey == .descriptor(InheritedMasterKey(5)))
        #expect(faults(["KEYSTOW_MASTER_KEY_FD": "4", "KEYSTOW_MASTER_KEY_PREVIOUS_FD": "4"]).count == 1)
        for number in ["0", "1", "2", "-1", "x"] {
            #expect(faults(["KEYSTOW_MASTER_KEY_FD": number]).count == 1)
            #expect(faults(["KEYSTOW_MASTER_KEY_PREVIOUS_FD": number]).count == 1)
        }
    }

    @Test(arguments: [
        ("cat key", ["cat", "key"]), ("  /bin/cat\t key\n", ["/bin/cat", "key"]),
        ("age -d 'a b' \"c 'd'\"", ["age", "-d", "a b", "c 'd'"]), ("x a'b c'd\"e\"", ["x", "ab cde"]),
        ("x '' \"\"", ["x", "", ""]),
        (#"x $HOME \\n ~ * | ; a\ b"#, ["x", "$HOME", #"\\n"#, "~", "*", "|", ";", #"a\"#, "b"]),
        ("'/opt/my tools/key' é", ["/opt/my tools/key", "é"]),
    ])
    func `a command is split by blanks and quotes alone`(_ text: String, _ words: [String]) {
        #expect(MasterKeyCommand(text, setting: "S")?.words == words)
    }

    @Test(arguments: ["", "  ", "x 'a", "x \"a'", "''", "'' x", "./x", "bin/x", "x '"])
    func `a command without a program, with an open quote or a relative path is none`(_ text: String) {
        #expect(MasterKeyCommand(text, setting: "S") == nil)
        if !text.isEmpty { #expect(faults(["KEYSTOW_MASTER_KEY_COMMAND": text]).count == 1) }
    }

    @Test func `an unknown name is a warning that names the nearest`() throws {
        let warnings = try read(["KEYSTOW_LISTNE": "x", "KEYSTOW_COMPLETELY_OTHER": "x", "KEYSTOW_": "x"]).warnings
        #expect(
            warnings == [
                "KEYSTOW_ is not a setting", "KEYSTOW_COMPLETELY_OTHER is not a setting",
                "KEYSTOW_LISTNE is not a setting; did you mean KEYSTOW_LISTEN?",
            ]
        )
    }

    @Test func `an endpoint needs a provider that exists`() throws {
        let error = try #require(throws: Configuration.Faults.self) {
            try read(["KEYSTOW_ENDPOINT_ANTROPIC": "https://a.example.com"])
        }
        #expect(error.faults == ["KEYSTOW_ENDPOINT_ANTROPIC names no provider; did you mean anthropic?"])
    }
}
