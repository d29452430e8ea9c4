namespace Qkms.Benchmarks.Load;

/// <summary>What one server did of one operation.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Server">The server.</param>
/// <param name="Connections">How many connections sent requests.</param>
/// <param name="Figures">The medians of all rounds; errors are their sum.</param>
internal sealed record LoadRow(string Operation, string Server, int Connections, WrkResult Figures);
