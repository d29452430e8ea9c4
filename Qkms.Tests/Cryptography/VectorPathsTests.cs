using System.Runtime.Intrinsics.X86;

namespace Qkms.Tests.Cryptography;

public sealed partial class VectorPathsTests
{
    /// <summary>
    /// The gate runs the tests of the engine once on each path, chosen by settings of the runtime. A setting of another name would be
    /// ignored, and the path would go untested without anybody noticing.
    /// </summary>
    [Fact]
    public void Path_that_was_asked_for_is_taken()
    {
        if (IsOff("EnableAVX2") || IsOff("EnableHWIntrinsic"))
            Avx2.IsSupported.Should().BeFalse();
        if (IsOff("EnableAVX512") || !Avx2.IsSupported)
            Avx512F.IsSupported.Should().BeFalse();

        static bool IsOff(string setting) => Environment.GetEnvironmentVariable($"DOTNET_{setting}") == "0";
    }
}
