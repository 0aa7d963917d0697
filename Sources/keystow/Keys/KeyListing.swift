/// `keystow keys list`: every key that is asked for, page by page.
struct KeyListing {
    let pages: KeyPages
    let asJSON: Bool

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        var table = Table(KeyTable.columns, on: .output)
        var (count, said) = (0, ExitCode.ok)
        try await pages.each(of: vault) { page throws(CommandFailure) in
            guard !page.keys.isEmpty else { return true }
            count += page.keys.count
            if !Console.isTerminal { Console.show(progress: "\(count) keys") }
            said = Console.say(
                lines: asJSON ? page.texts.map(HarmlessText.json) : table.lines(page.keys.map(KeyTable.row)))
            return said == .ok
        }
        if !Console.isTerminal { Console.show(progress: nil) }
        if said == .ok, Console.isWatched { Console.tell(count == 1 ? "1 key" : "\(count) keys") }
        return said
    }
}
