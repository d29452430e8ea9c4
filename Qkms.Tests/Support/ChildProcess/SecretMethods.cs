using System.Reflection;
using System.Runtime.CompilerServices;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>The methods marked with <see cref="TouchesSecretsAttribute"/>.</summary>
internal static class SecretMethods
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private const string Engine = "Qkms.Core.Cryptography.";

    /// <summary>The scratch that is zeroed is of these types.</summary>
    private static readonly RuntimeTypeHandle[][] _instantiations =
        [
            [typeof(byte).TypeHandle], [typeof(short).TypeHandle], [typeof(int).TypeHandle], [typeof(long).TypeHandle],
            [typeof(ulong).TypeHandle]
        ];

    /// <summary>
    /// Constructors and methods written in the source of the engine's types; properties, records' and other generated members are left out.
    /// </summary>
    internal static IEnumerable<MethodBase> WrittenIn(Type type) =>
        type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
            .Where(method => !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.IsAbstract);

    internal static IEnumerable<MethodBase> All() =>
        typeof(TouchesSecretsAttribute).Assembly
            .GetTypes()
            .SelectMany(WrittenIn)
            .Where(method => method.IsDefined(typeof(TouchesSecretsAttribute)));

    /// <summary>The name by which the JIT's listings call a method, without its parameters.</summary>
    internal static string ListingName(MethodBase method) => $"{method.DeclaringType!.FullName}:{method.Name}";

    /// <summary>The static arrays of the engine that a method names, without its namespace: <c>Fips203.Ntt:_forwardRoots</c>.</summary>
    internal static IEnumerable<string> TablesReadBy(MethodBase method)
    {
        byte[] body = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i + 4 < body.Length; i++)
        {
            // ldsfld and ldsflda, each followed by the token of a field; what only looks like one names no array of the engine.
            if (body[i] is not (0x7E or 0x7F) || body[i + 4] != 0x04 || TryResolve(BitConverter.ToInt32(body, i + 1)) is not { } field)
                continue;
            if (field.FieldType.IsArray && field.DeclaringType!.Namespace!.StartsWith(Engine, StringComparison.Ordinal))
                yield return $"{field.DeclaringType.FullName![Engine.Length..]}:{field.Name}";
        }

        FieldInfo? TryResolve(int token)
        {
            try
            {
                return method.Module.ResolveField(token);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
    }

    /// <summary>Has every method compiled, also those that are always inlined into their callers.</summary>
    internal static void CompileAll()
    {
        foreach (MethodBase method in All())
        {
            if (!method.ContainsGenericParameters)
            {
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
                continue;
            }

            foreach (RuntimeTypeHandle[] instantiation in _instantiations)
                RuntimeHelpers.PrepareMethod(method.MethodHandle, instantiation);
        }

        // Some methods that implement an interface are left out by PrepareMethod: they are compiled when they are called.
        SelfTest.Run(new ManagedEngine());
    }
}
