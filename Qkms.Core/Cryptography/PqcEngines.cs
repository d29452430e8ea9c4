using System.Security.Cryptography;
#if BOUNCYCASTLE
using Qkms.Core.Cryptography.BouncyCastle;
#endif

namespace Qkms.Core.Cryptography;

/// <summary>The engines of this build, chosen by the setting <c>Qkms:Crypto:Engine</c>.</summary>
public static class PqcEngines
{
    /// <summary>The setting's name, for messages.</summary>
    public const string Setting = "Qkms:Crypto:Engine";

    /// <summary>The platform's engine where it is supported, else the managed one.</summary>
    public const string Auto = "auto";

    /// <summary>.NET's own algorithms.</summary>
    public const string Platform = "platform";

    /// <summary>The algorithms in C#, on every machine.</summary>
    public const string Managed = "managed";

    /// <summary>BouncyCastle, in builds made with <c>UseBouncyCastle=true</c>.</summary>
    public const string BouncyCastle = "bouncycastle";

    /// <summary>Whether the platform has both ML-KEM and ML-DSA.</summary>
    public static bool IsPlatformSupported => MLKem.IsSupported && MLDsa.IsSupported;

    /// <summary>Chooses the engine; letters may be of either case.</summary>
    /// <param name="setting">One of <see cref="Auto"/>, <see cref="Platform"/>, <see cref="Managed"/> and <see cref="BouncyCastle"/>.</param>
    /// <returns>The engine.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="setting"/> is null.</exception>
    /// <exception cref="PqcEngineUnavailableException">The engine is not known, or not in this build or on this machine.</exception>
    public static PqcEngine Select(string setting) =>
#if BOUNCYCASTLE
        Select(setting, IsPlatformSupported, new BouncyCastleEngine());
#else
        Select(setting, IsPlatformSupported, bouncyCastle: null);
#endif

    internal static PqcEngine Select(string setting, bool isPlatformSupported, PqcEngine? bouncyCastle)
    {
        ArgumentNullException.ThrowIfNull(setting);
        switch (setting.ToLowerInvariant())
        {
            case Auto:
                return isPlatformSupported ? new PlatformEngine() : new ManagedEngine();
            case Managed:
                return new ManagedEngine();
            case Platform when isPlatformSupported:
                return new PlatformEngine();
            case BouncyCastle when bouncyCastle is not null:
                return bouncyCastle;
        }

        string reason = setting.ToLowerInvariant() switch
        {
            Platform => ", but this machine's cryptographic library has no ML-KEM and ML-DSA (OpenSSL 3.5 or later, or Windows 11 24H2 or later, is needed)",
            BouncyCastle => ", but this build does not contain it (build with UseBouncyCastle=true)",
            _ => ", which is no engine",
        };
        string[] available = [Auto, .. isPlatformSupported ? [Platform] : Array.Empty<string>(), Managed, .. bouncyCastle is null ? [] : new[] { BouncyCastle }];
        throw new PqcEngineUnavailableException($"{Setting} is '{setting}'{reason}. Available here: {string.Join(", ", available)}.");
    }
}
