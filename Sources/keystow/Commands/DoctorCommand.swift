import Glibc
import VaultModel
import VaultService

/// `keystow doctor`: looks whether the vault in the data directory is well; changes nothing.
enum DoctorCommand {
    static func run(_ configuration: Configuration, asJSON: Bool) throws(CommandFailure) -> ExitCode {
        let findings = [directory(configuration), masterKey(configuration), try keyring(configuration)]
        for finding in findings {
            if asJSON {
                Console.say(
                    "{\"check\":\"\(finding.check)\",\"ok\":\(finding.fault == nil),\"fault\":\(Self.quoted(finding.fault))}"
                )
            } else {
                Console.say(
                    "\(finding.fault == nil ? "ok   " : "FAULT")  \(finding.check)\(finding.fault.map { ": \($0)" } ?? "")"
                )
            }
        }
        return findings.allSatisfy { $0.fault == nil } ? .ok : .dataFault
    }

    private struct Finding {
        let check: String
        /// What is wrong and what to do; `nil` when it is well.
        let fault: String?
    }

    private static func directory(_ configuration: Configuration) -> Finding {
        var status = stat()
        let check = "data directory is private"
        guard unsafe stat(configuration.dataDirectory, &status) == 0 else {
            return Finding(check: check, fault: "it is missing; `keystow init` makes it")
        }
        let isPrivate = status.st_mode & 0o077 == 0
        return Finding(check: check, fault: isPrivate ? nil : "others can enter it; chmod 0700")
    }

    private static func masterKey(_ configuration: Configuration) -> Finding {
        let check = "master key can be read, by this user alone"
        do {
            _ = try configuration.location.masterKey.read()
            return Finding(check: check, fault: nil)
        } catch let error as OpeningError {
            return Finding(check: check, fault: CommandFailure(error).message)
        } catch {
            return Finding(check: check, fault: "it cannot be read")
        }
    }

    private static func keyring(_ configuration: Configuration) throws(CommandFailure) -> Finding {
        let check = "master key opens this vault"
        let location = try configuration.location
        do {
            try Vault.verifyMasterKey(at: location)
            return Finding(check: check, fault: nil)
        } catch {
            return Finding(check: check, fault: CommandFailure(error).message)
        }
    }

    private static func quoted(_ text: String?) -> String {
        guard let text else { return "null" }
        return "\"" + text.filter { $0 != "\"" && $0 != "\\" } + "\""
    }
}
