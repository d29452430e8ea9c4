namespace Qkms.Core.Secrets;

/// <summary>A file that should hold a secret and is not fit to: what is wrong with it, and how to repair that. Never its content.</summary>
/// <param name="problem">The end of a sentence that begins with "it": "is a symbolic link".</param>
/// <param name="repair">A sentence of its own.</param>
internal sealed class PrivateFileException(string problem, string repair) : Exception($"The file {problem}. {repair}")
{
    public string Problem { get; } = problem;

    public string Repair { get; } = repair;
}
