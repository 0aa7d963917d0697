/// Two classes of measurements, and whether they can be told apart (Welch's t; as dudect does it, without the slowest, which
/// are interrupts).
struct Welch {
    private var count: [Double] = [0, 0]
    private var mean: [Double] = [0, 0]
    private var square: [Double] = [0, 0]

    mutating func add(_ value: Double, to group: Int) {
        count[group] += 1
        let change = value - mean[group]
        mean[group] += change / count[group]
        square[group] += change * (value - mean[group])
    }

    var t: Double {
        let error = (0..<2).map { square[$0] / (count[$0] - 1) / count[$0] }
        return (mean[0] - mean[1]) / (error[0] + error[1]).squareRoot()
    }

    /// dudect's line above which there is a leak.
    static let leak = 4.5

    /// Measures `count` calls of `body`, told at random for which class, and leaves out what took longer than all but a few.
    static func t(_ count: Int, of body: (_ group: Int) -> Double) -> Double {
        let first = (0..<20_000).map { body($0 & 1) }.sorted()
        let slow = first[first.count * 95 / 100]
        var welch = Welch()
        var generator = SystemRandomNumberGenerator()
        var (bits, left): (UInt64, Int) = (0, 0)
        for _ in 0..<count {
            if left == 0 { (bits, left) = (generator.next(), 64) }
            let group = Int(bits & 1)
            (bits, left) = (bits >> 1, left - 1)
            let took = body(group)
            if took <= slow { welch.add(took, to: group) }
        }
        return welch.t
    }
}
