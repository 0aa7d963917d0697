/// Something in a paste that begins as a provider's credential does.
struct Sighting {
    enum State: Equatable {
        /// A whole credential.
        case full
        /// Cut short, or without its documented ending.
        case short
        case long
        /// Broken off by a character that such keys never hold, which stands at this place.
        case interrupted(Int)
    }

    let range: Range<Int>
    /// Its provider's place in the catalogue.
    let provider: Int
    let pattern: KeyPattern
    /// What it is when it is no key to be kept.
    let refused: RefusedCredential?
    let state: State
}
