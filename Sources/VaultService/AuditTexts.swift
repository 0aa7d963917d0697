import VaultModel
import VaultProviders

extension Vault {
    /// Refuses words for the audit log that hold a credential: more people read it than may have one, and what is in it
    /// stays.
    func requireNoCredential(in text: String, of field: String) throws(VaultError) {
        guard !text.isEmpty else { return }
        let holdsOne: Bool
        do { holdsOne = try doctor.holdsCredential(text) } catch { throw VaultError(thrown: error) }
        guard !holdsOne else {
            throw .invalidField(
                field,
                detail: "`\(field)` is for the audit log and holds a credential. Nothing was done; say it without that."
            )
        }
    }
}

extension KeyDoctor {
    /// A user's name as the audit log has it, unless that is a credential.
    func auditName(of owner: UserID) -> String {
        let name = "\(owner)"
        return (try? holdsCredential(name)) == false ? name : "(a credential)"
    }
}
