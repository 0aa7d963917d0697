import VaultModel

/// What became of one key.
enum ImportOutcome: Sendable, Equatable {
    /// A dry run: the key doctor passes it.
    case storable
    case stored(KeyID?)
    /// The same key of the same user was in the vault before.
    case alreadyThere(KeyID?)
    /// It is no good, or not as it is.
    case refused(ImportRefusal)
    /// Nothing is wrong with it as far as is known, but it was not stored now.
    case postponed(ImportRefusal)
    /// The import ended before its turn.
    case notReached
}

/// Why an import ended.
enum ImportEnding: Sendable, Equatable {
    case complete
    /// By this signal.
    case interrupted(Int32)
    /// The server does not answer, or not as is expected.
    case connectionLost(String)
    /// The server cannot do anything for any key.
    case vaultUnavailable(String)
    case notAllowed(String)
    case noProject
}

/// An import, or what one would do, from the first key to the last. Holds no key and no piece of one.
struct ImportReport: Sendable {
    struct Entry: Sendable {
        let line: Int?
        let variable: String?
        /// `nil` when there is none that may be printed.
        let user: String?
        var provider: String?
        /// What the key doctor calls it.
        var kind: String?
        var outcome: ImportOutcome
    }

    let source: ImportSource
    let isDryRun: Bool
    var entries: [Entry] = []
    var skipped: [ImportPlan.Skipped] = []
    var ending = ImportEnding.complete

    struct Counts: Sendable, Equatable {
        var storable = 0
        var stored = 0
        var alreadyThere = 0
        var refused = 0
        var postponed = 0
        var notReached = 0
    }

    var counts: Counts {
        var counts = Counts()
        for entry in entries {
            switch entry.outcome {
            case .storable: counts.storable += 1
            case .stored: counts.stored += 1
            case .alreadyThere: counts.alreadyThere += 1
            case .refused: counts.refused += 1
            case .postponed: counts.postponed += 1
            case .notReached: counts.notReached += 1
            }
        }
        return counts
    }

    /// What the program ends with.
    var exitCode: ExitCode {
        switch ending {
        case .interrupted(let signal): return ExitCode(endedBy: signal)
        case .connectionLost, .vaultUnavailable: return .unavailable
        case .notAllowed: return .noPermission
        case .noProject: return .usage
        case .complete: break
        }
        let counts = counts
        if counts.refused > 0 { return .dataFault }
        return counts.postponed > 0 ? .temporary : .ok
    }

    /// Where the keys lie that were read, as the subject of a sentence.
    var place: String {
        switch source {
        case .file(let path): path
        case .standardInput: "standard input"
        case .environment: "the environment"
        }
    }

    /// The last line, whatever happened: importing takes nothing away.
    var reminder: String {
        switch source {
        case .file(let path): "the keys still lie in \(path) in clear: delete it once this is done"
        case .standardInput:
            "wherever standard input came from, the keys still lie there in clear: delete it once this is done"
        case .environment:
            "the keys still stand in this environment in clear: take them out of whatever sets it once this is done"
        }
    }
}
