/// `keystow serve` itself, on a directory of its own and with the tokens that it made first.
package struct ServedProgram {
    package let program: Program
    package let port: UInt16
    package let app: String
    package let admin: String
    /// Where its database lies.
    package let database: String

    package init(program: Program, port: UInt16, app: String, admin: String, database: String) {
        self.program = program
        self.port = port
        self.app = app
        self.admin = admin
        self.database = database
    }

    /// Starts it; `tokens` are those of an earlier start, whose file is gone with their first use.
    package static func start(
        in directory: TemporaryDirectory, _ settings: [String: String] = [:],
        tokens: (app: String, admin: String)? = nil
    ) async throws -> ServedProgram {
        let data = directory.path + "/data"
        let usual = [
            "KEYSTOW_LOG": "debug", "KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:9", "KEYSTOW_RATE_LIMIT": "off",
            "KEYSTOW_VALIDATION_LIMITS": "off",
        ]
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", data],
            environment: usual.merging(settings) { $1 }, in: directory)
        let port = try await program.port()
        let made = String(decoding: TemporaryDirectory.bytes(of: data + "/first-tokens.json"), as: UTF8.self)
        let words = made.split(separator: "\"").map(String.init)
        guard let app = tokens?.app ?? words.first(where: { $0.hasPrefix("kst_app_") }),
            let admin = tokens?.admin ?? words.first(where: { $0.hasPrefix("kst_adm_") })
        else { throw TestKitFailure("no first tokens") }
        return ServedProgram(program: program, port: port, app: app, admin: admin, database: data + "/vault.db")
    }
}
