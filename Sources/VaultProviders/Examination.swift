package import VaultModel

/// What the key doctor found, and the cleaned key when it may be stored.
package struct Examination: ~Copyable, Sendable {
    package let diagnosis: Diagnosis
    /// There exactly when `diagnosis.isStorable`: 16 to 512 bytes of printable ASCII.
    package var secret: SecretBytes?

    /// Hands the key over, once.
    package mutating func takeSecret() -> SecretBytes? {
        secret.take()
    }
}
