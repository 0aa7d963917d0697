import VaultCrypto
import VaultModel
import VaultService

/// `keystow audit …`.
enum AuditRunner {
    static func run(_ command: AuditCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        switch command.act {
        case .verify(let check): try verify(check, configuration, asJSON: command.asJSON)
        case .export(let export): try await AuditExportRunner.run(export, configuration, tokenFile: command.tokenFile)
        case .key: try tellKey(configuration, asJSON: command.asJSON)
        }
    }

    private static func verify(
        _ check: AuditCheck, _ configuration: Configuration, asJSON: Bool
    ) throws(CommandFailure) -> ExitCode {
        let report: AuditReport
        if let file = check.file {
            report = try AuditFile.verify(file, anchor: check.anchor, keys: check.keys)
        } else {
            var order = AuditVerificationOrder(
                directory: configuration.dataDirectory,
                anchor: check.isWithoutAnchor ? nil : check.anchor ?? configuration.auditAnchor)
            order.keys = check.keys
            defer { Console.show(progress: nil) }
            do {
                report = try AuditVerification.run(order) { Console.show(progress: "entry \($0)") }
            } catch {
                throw CommandFailure(error)
            }
        }
        let said =
            asJSON
            ? Console.say(line: AuditVerdict.json(report))
            : Console.say(AuditVerdict.text(report, isFile: check.file != nil))
        guard said == .ok else { return said }
        return report.isWell ? .ok : .dataFault
    }

    private static func tellKey(_ configuration: Configuration, asJSON: Bool) throws(CommandFailure) -> ExitCode {
        let keys: [NoteKey]
        do throws(OpeningError) {
            keys = try AuditVerification.keys(in: configuration.dataDirectory)
        } catch {
            throw CommandFailure(error)
        }
        guard !keys.isEmpty else {
            throw CommandFailure("this vault has no signer yet; its next start makes one", .unavailable)
        }
        for key in keys {
            let said = Console.say(asJSON ? "{\"public_key\":\"\(key)\"}" : "\(key)")
            guard said == .ok else { return said }
        }
        return .ok
    }
}
