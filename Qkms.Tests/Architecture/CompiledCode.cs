using ArchUnitNET.Loader;
using Qkms.Storage;

namespace Qkms.Tests.Architecture;

/// <summary>The three projects as they were compiled: types, and which uses which. Reading takes seconds, so it is done once.</summary>
internal static class CompiledCode
{
    private static readonly Lazy<ArchUnitNET.Domain.Architecture> _all = new(() =>
        new ArchLoader().LoadAssemblies(typeof(KmsError).Assembly, typeof(StorageServices).Assembly, typeof(Program).Assembly).Build());

    public static IEnumerable<ArchUnitNET.Domain.IType> Types => _all.Value.Types;
}
