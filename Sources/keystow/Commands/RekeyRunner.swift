import HTTPClient
import VaultModel

/// `keystow rekey`: begins one on the running server, and shows how far it has come.
enum RekeyRunner {
    /// The body of `POST /v1/keyring/rotate`.
    private struct Order: Encodable {
        let target: String
    }

    private struct Keyring: Decodable {
        /// Believed only as an id: it is printed.
        let master_id: String
        let rekey: RekeyReading
    }

    static func run(_ command: RekeyCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let server = try configuration.runningServer()
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: command.tokenFile))
        let signals = StopSignals()
        defer { withExtendedLifetime(signals) {} }
        switch command.act {
        case .master:
            let keyring = try (try await vault.submit("/v1/keyring/rotate", Order(target: "master")))
                .understood(as: Keyring.self)
            guard MasterKeyID(keyring.master_id) != nil else {
                throw CommandFailure("the server's answer is none of Keystow's", .unavailable)
            }
            guard !command.asJSON else { return Console.say("{\"master_id\":\"\(keyring.master_id)\"}") }
            return Console.say(
                "the keyring is sealed under the new master key, \(keyring.master_id); the old one opens older backups alone"
            )
        case .term:
            _ = try await vault.submit("/v1/keyring/rotate", Order(target: "term"))
        case .status: break
        }
        var bar = RekeyBar()
        var reading = try await progress(vault)
        while command.waits, reading.isRunning {
            Console.show(progress: bar.line(reading))
            try? await Task.sleep(for: .milliseconds(250))
            if let signal = signals.received.signal {
                Console.show(progress: nil)
                Console.tell("no longer watching; the server goes on: `keystow rekey --status`")
                return ExitCode(endedBy: signal)
            }
            reading = try await progress(vault)
        }
        Console.show(progress: nil)
        let code = Console.say(command.asJSON ? reading.json : reading.sentence)
        guard code == .ok else { return code }
        return reading.failed == 0 ? .ok : .dataFault
    }

    private static func progress(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> RekeyReading {
        try (try await vault.fetch("/v1/keyring/rekey")).understood(as: RekeyReading.self)
    }
}
