import Glibc
import HTTPClient
import VaultAPI
import VaultModel
import VaultService

/// How far an import has come, for whoever watches.
struct ImportProgress: Sendable {
    var done = 0
    let total: Int
    var storable = 0
    var stored = 0
    var alreadyThere = 0
    var refused = 0
    /// How many seconds are still waited because the server asked for it, and in its words why.
    var waiting: (seconds: Int, why: String)?

    var line: String {
        var parts = ["\(done) of \(total)", storable > 0 ? "\(storable) storable" : "\(stored) stored"]
        if alreadyThere > 0 { parts.append("\(alreadyThere) already there") }
        parts.append("\(refused) refused")
        if let waiting { parts.append("waiting \(waiting.seconds) s: \(waiting.why)") }
        return parts.joined(separator: ", ")
    }

    mutating func count(_ outcome: ImportOutcome) {
        done += 1
        switch outcome {
        case .storable: storable += 1
        case .stored: stored += 1
        case .alreadyThere: alreadyThere += 1
        case .refused, .postponed: refused += 1
        case .notReached: break
        }
    }
}

/// Takes the keys of a plan to the server, one by one and in order.
///
/// Each key gets an `Idempotency-Key` of its own, so that an attempt whose answer was lost can be repeated and is answered as
/// it was. A key that was stored by an earlier import is known by the vault itself (409 `duplicate_key`).
struct ImportSession: ~Copyable {
    let vault: RemoteVault
    let isDryRun: Bool
    /// Named by an admin; an app's token has its own.
    let project: ProjectID?
    let validation: Validation?
    let time: any TimeSource
    /// The signal that asked to stop.
    let stopSignal: @Sendable () -> Int32?
    let watch: @Sendable (ImportProgress) -> Void

    /// How long is waited for one key in all, in seconds; what asks for more is left for another day.
    static let patience = 300
    /// How often a request that got no answer is made.
    private static let attempts = 3

    /// Goes through the plan.
    borrowing func run(_ plan: borrowing ImportPlan, source: ImportSource) async -> ImportReport {
        var report = ImportReport(source: source, isDryRun: isDryRun, skipped: plan.skipped)
        report.entries = plan.items.map { item in
            ImportReport.Entry(
                line: item.line, variable: item.variable, user: item.isUserShown ? item.user?.description : "(hidden)",
                provider: item.provider?.description, kind: item.kind, outcome: .notReached)
        }
        var progress = ImportProgress(total: plan.items.count)
        for (index, item) in plan.items.enumerated() {
            watch(progress)
            if let signal = stopSignal() {
                report.ending = .interrupted(signal)
                return report
            }
            switch await settle(item, plan.records, progress) {
            case .ended(let ending):
                report.ending = ending
                if case .connectionLost = ending, !isDryRun { report.entries[index].outcome = .postponed(.noAnswer) }
                return report
            case .settled(let outcome, let diagnosis):
                report.entries[index].outcome = outcome
                if let kind = diagnosis?.kind { report.entries[index].kind = kind }
                if report.entries[index].provider == nil { report.entries[index].provider = diagnosis?.provider }
                progress.count(outcome)
            }
        }
        watch(progress)
        return report
    }

    private enum Step {
        case settled(ImportOutcome, RemoteDiagnosis?)
        case ended(ImportEnding)
    }

    /// Asks for one key until there is an answer that settles it.
    private borrowing func settle(
        _ item: ImportItem, _ records: borrowing ImportRecords, _ progress: ImportProgress
    ) async -> Step {
        if let refusal = item.refusal { return .settled(.refused(refusal), nil) }
        let name = RequestID(at: time.now()).description
        var (failures, waited) = (0, 0)
        while true {
            let reply: RemoteVault.Reply
            do throws(HTTPClientError) {
                reply = try await send(item, records, idempotencyKey: name)
            } catch {
                failures += 1
                guard failures < Self.attempts else {
                    return .ended(.connectionLost("\(vault.server) does not answer any more (\(error))"))
                }
                // The key may be under way in the vault: what becomes of it is learned before a stop is heard.
                _ = await wait(1, "no answer", progress, hearsStop: false)
                continue
            }
            switch ImportAnswer(reply, isDryRun: isDryRun) {
            case .settled(let outcome, let diagnosis): return .settled(outcome, diagnosis)
            case .ended(let ending): return .ended(ending)
            case .wait(let seconds, let refusal):
                guard waited + seconds <= Self.patience else { return .settled(.postponed(refusal), nil) }
                waited += seconds
                let isUnderWay = refusal.code == "idempotency_conflict"
                if let signal = await wait(seconds, refusal.message, progress, hearsStop: !isUnderWay) {
                    return .ended(.interrupted(signal))
                }
            }
        }
    }

    private borrowing func send(
        _ item: ImportItem, _ records: borrowing ImportRecords, idempotencyKey: String
    ) async throws(HTTPClientError) -> RemoteVault.Reply {
        var writer = JSONWriter(capacity: 512 + 2 * item.value.count)
        writer.beginObject()
        if !isDryRun {
            writer.member("user_id", item.user?.description)
            if let project { writer.member("project_id", project.description) }
            if let validation { writer.member("validation", validation.rawValue) }
        }
        if let provider = item.provider { writer.member("provider", provider.description) }
        writer.name("key")
        records.withText(of: item.value) { bytes in writer.string(utf8: bytes) }
        writer.endObject()
        return try await isDryRun
            ? vault.post("/v1/inspect", writer.finish())
            : vault.post("/v1/keys", writer.finish(), idempotencyKey: idempotencyKey)
    }

    /// Waits, telling every second how long still.
    ///
    /// - Returns: the signal that ended it.
    private borrowing func wait(_ seconds: Int, _ why: String, _ progress: ImportProgress, hearsStop: Bool) async
        -> Int32?
    {
        let end = time.now() + seconds
        var progress = progress
        while true {
            if hearsStop, let signal = stopSignal() { return signal }
            let left = end.milliseconds - time.now().milliseconds
            if left <= 0 { return nil }
            progress.waiting = (Int((left + 999) / 1000), why)
            watch(progress)
            try? await time.sleep(for: .milliseconds(min(left, 1000)))
            if Task.isCancelled { return SIGTERM }
        }
    }
}

extension ImportRefusal {
    fileprivate static let noAnswer = ImportRefusal(
        code: "no_answer", message: "The server gave no answer about this key: it may be stored, or not.",
        hint: "Run this again; a key that is there already stays as it is.")
}
