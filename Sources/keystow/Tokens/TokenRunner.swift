import HTTPClient
import VaultModel
import VaultService

/// `keystow token …`: over HTTP where a server is named, else on the data directory, with the server stopped.
enum TokenRunner {
    static func run(_ command: TokenCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        Console.outliveReaders()
        if let server = configuration.server {
            let token = try TokenSource.read(file: command.tokenFile)
            let vault = RemoteVault(server: server, client: client, token: token)
            return try await run(command, on: RemoteTokens(vault: vault))
        }
        let vault = try configuration.openVault(client: client)
        defer { vault.close() }
        try await vault.settleForCommand()
        let code = try await run(command, on: LocalTokens(vault: vault))
        await vault.finish()
        return code
    }

    private static func run(
        _ command: TokenCommand, on tokens: borrowing some TokenDesk & ~Copyable
    ) async throws(CommandFailure) -> ExitCode {
        switch command.act {
        case .create(let order):
            let made = try await tokens.create(order)
            let said = Console.say(command.asJSON ? made.json : made.token)
            if said == .ok, Console.isWatched { Console.tell("that token is shown this once: keep it, or revoke it") }
            return said
        case .list(let project): return try await list(project, asJSON: command.asJSON, of: tokens)
        case .revoke(let name, let isSure): return try await revoke(name, isSure: isSure, command.asJSON, of: tokens)
        }
    }

    private static func list(
        _ project: ProjectID?, asJSON: Bool, of tokens: borrowing some TokenDesk & ~Copyable
    ) async throws(CommandFailure) -> ExitCode {
        var table = Table(TokenRow.columns, on: .output)
        var (count, said) = (0, ExitCode.ok)
        try await tokens.each(in: project) { rows, texts throws(CommandFailure) in
            guard !rows.isEmpty else { return true }
            count += rows.count
            said = Console.say(
                lines: asJSON ? texts.map { HarmlessText.json($0) } : table.lines(rows.map(\.cells)))
            return said == .ok
        }
        if said == .ok, Console.isWatched { Console.tell(count == 1 ? "1 token" : "\(count) tokens") }
        return said
    }

    /// Ends the one token that `name` names, after it was shown and asked about.
    private static func revoke(
        _ name: TokenName, isSure: Bool, _ asJSON: Bool, of tokens: borrowing some TokenDesk & ~Copyable
    ) async throws(CommandFailure) -> ExitCode {
        guard isSure || Question.canBeAsked else {
            throw CommandFailure("revoking is final, and nobody is here to be asked: give --yes", .usage)
        }
        let id: TokenID
        // An id needs no search where nobody is asked.
        if case .id(let given) = name, isSure {
            id = given
        } else {
            let row = try await find(name, in: tokens)
            guard let found = TokenID(row.id) else { throw CommandFailure("that token has no id", .unavailable) }
            id = found
            if !isSure { try await confirm(row, tokens) }
        }
        try await tokens.revoke(id)
        if asJSON { return Console.say("{\"id\":\"\(id)\",\"revoked\":true}") }
        return Console.say("\(id)  revoked: refused from the next request on")
    }

    private static func find(
        _ name: TokenName, in tokens: borrowing some TokenDesk & ~Copyable
    ) async throws(CommandFailure) -> TokenRow {
        var found: [TokenRow] = []
        try await tokens.each(in: nil) { rows, _ throws(CommandFailure) in
            found += rows.filter { name.fits($0) }
            return true
        }
        guard let row = found.first else { throw CommandFailure("there is no such token", .noInput) }
        guard found.count == 1 else {
            let ids = found.prefix(5).map(\.id).joined(separator: ", ")
            throw CommandFailure("\(found.count) tokens have this name; say which by its id: \(ids)", .usage)
        }
        return row
    }

    private static func confirm(
        _ row: TokenRow, _ tokens: borrowing some TokenDesk & ~Copyable
    ) async throws(CommandFailure) {
        var terminal = Terminal.output
        terminal.width = terminal.width ?? 80
        var table = Table(TokenRow.columns, on: terminal)
        Console.tell(lines: table.lines([row.cells]))
        if try await tokens.ownID() == row.id { Console.tell("this is the token that you speak with now") }
        guard Question.ask("Revoke this token for ever? Type yes:") == "yes" else {
            throw CommandFailure("nothing was revoked", .usage)
        }
    }
}

/// Where tokens are made, listed and ended.
protocol TokenDesk: ~Copyable {
    /// The token's text, and the answer as the API has it.
    func create(_ order: TokenOrder) async throws(CommandFailure) -> (token: String, json: String)

    /// Hands over the tokens page by page, newest first, each row with its JSON, until `take` returns `false`.
    func each(
        in project: ProjectID?, _ take: ([TokenRow], [[UInt8]]) throws(CommandFailure) -> Bool
    ) async throws(CommandFailure)

    func revoke(_ id: TokenID) async throws(CommandFailure)

    /// The id of the token that asks, where one does.
    func ownID() async throws(CommandFailure) -> String?
}

extension TokenName {
    fileprivate func fits(_ row: TokenRow) -> Bool {
        switch self {
        case .id(let id): row.id == id.description
        case .name(let name): row.name == name
        }
    }
}
