namespace Qkms.Core.Keyrings;

/// <summary>The service cannot start with the root key that it was given, or was given none. The message says which source, what is wrong and how to repair it; never the key.</summary>
public sealed class RootKeyException : Exception
{
    /// <summary>A reason that a person can act on.</summary>
    public RootKeyException(string message)
        : base(message)
    {
    }

    internal static RootKeyException Unusable(string source, string problem, string repair) =>
        new($"The root key from {source} cannot be used: it {problem}. {repair}");
}
