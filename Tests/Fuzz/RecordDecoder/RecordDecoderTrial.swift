/// What somebody with the database file can put there: a sealed box, or a row.
///
/// The first byte says which, and what is done with the rest.
struct RecordDecoderTrial: Trial {
    private let boxes: BoxTrial
    private let rows: RowTrial

    init() throws {
        boxes = try BoxTrial()
        rows = try RowTrial()
    }

    func run(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch first % 4 {
        case 0: try boxes.open(rest)
        case 1: try boxes.seal(rest)
        default: try rows.run(rest)
        }
    }
}
