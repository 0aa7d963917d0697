package import VaultModel

/// A key as it may be shown and acted on: the record with the status that really holds.
package struct KeyView: Sendable, Equatable {
    /// Whether the row can be believed.
    package enum Integrity: Sendable, Equatable {
        case sound
        /// The row's MAC does not fit: somebody edited it.
        case edited
        /// The row is older than its newest audit entry: somebody put it back.
        case rolledBack
    }

    package var record: KeyRecord
    package let integrity: Integrity
    /// When the current version is due for rotation under the policy that holds; `nil` for never.
    package let rotateBy: Timestamp?

    package var status: KeyStatus { record.status }
}
