import Glibc
import Testing
import TestSupport

@Suite(Probe()) struct ProbeTests {
    @Test func passes() { print(CommandLine.arguments, "here") }
}
