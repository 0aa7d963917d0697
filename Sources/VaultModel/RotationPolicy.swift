/// When keys of a project, or of one provider in it, are stale, checked again and let go.
///
/// Spans are whole seconds ≥ 1, `nil` for never; `graceSeconds` may be 0.
package struct RotationPolicy: Sendable, Equatable {
    package var maxAgeSeconds: Int?
    package var warnBeforeSeconds: [Int]
    package var unusedAfterSeconds: Int?
    package var recheckEverySeconds: Int?
    package var confirmFailureAfterSeconds: Int?
    package var graceSeconds: Int
    package var quarantineAfterSeconds: Int?

    package init(
        maxAgeSeconds: Int?, warnBeforeSeconds: [Int], unusedAfterSeconds: Int?, recheckEverySeconds: Int?,
        confirmFailureAfterSeconds: Int?, graceSeconds: Int, quarantineAfterSeconds: Int?
    ) {
        self.maxAgeSeconds = maxAgeSeconds
        self.warnBeforeSeconds = warnBeforeSeconds
        self.unusedAfterSeconds = unusedAfterSeconds
        self.recheckEverySeconds = recheckEverySeconds
        self.confirmFailureAfterSeconds = confirmFailureAfterSeconds
        self.graceSeconds = graceSeconds
        self.quarantineAfterSeconds = quarantineAfterSeconds
    }

    /// What holds where nobody has set anything.
    package static let standard = RotationPolicy(
        maxAgeSeconds: 90 * 86_400,
        warnBeforeSeconds: [30 * 86_400, 20 * 86_400, 10 * 86_400],
        unusedAfterSeconds: 5_184_000,
        recheckEverySeconds: 86_400,
        confirmFailureAfterSeconds: 600,
        graceSeconds: 604_800,
        quarantineAfterSeconds: nil
    )
}
